import type { DatabaseConnection, Driver, Failure, TransactionMode } from "../../../lib/database/driver/driver.ts";
import type { Environment } from "../../../lib/environment/environment.ts";

/** `ctx.db` of handlers: its statements take time, by the environment's clock. */
export interface CountingDb {
  /** Reads for so many milliseconds. @returns how many mutations the snapshot holds. */
  read(ms: number): Promise<number>;
  /** Writes for so many milliseconds. */
  write(ms: number): Promise<void>;
}

export interface CountingDatabaseOptions {
  /** How many transactions may be open at once. */
  connections: number;
  /** Do statements of two connections run at the same time? */
  overlaps: boolean;
}

/** A database that holds a number: how many transactions have written. */
export class CountingDatabase implements Driver {
  readonly dialect = "pg";
  readonly connections: number;
  readonly overlaps: boolean;
  readonly runsInCall = false;
  readonly shared = false;
  readonly description = "a number";
  count = 0;
  readonly #environment: Environment;
  #free: number;
  readonly #waiting: (() => void)[] = [];
  #lastStatement: Promise<void> = Promise.resolve();

  constructor(environment: Environment, { connections, overlaps }: CountingDatabaseOptions) {
    this.#environment = environment;
    this.connections = connections;
    this.overlaps = overlaps;
    this.#free = connections;
  }

  async connect(): Promise<DatabaseConnection> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let snapshot = 0;
    let hasWritten = false;
    const db: CountingDb = {
      read: async (ms) => {
        await this.#statement(ms);
        return snapshot;
      },
      write: async (ms) => {
        await this.#statement(ms);
        hasWritten = true;
      },
    };
    return {
      db,
      isSpent: false,
      dialect: "pg",
      begin: async (_: TransactionMode) => {
        snapshot = this.count;
        hasWritten = false;
      },
      execute: async () => [{}],
      change: async () => 1,
      commit: async () => {
        if (hasWritten) this.count++;
        return true;
      },
      rollback: async () => {},
      release: () => this.#release(),
      destroy() {},
    };
  }

  useSchema(): void {}

  classify(): Failure {
    return "other";
  }

  async close(): Promise<void> {}

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }

  /** Where statements do not overlap, each waits for the one before it. */
  #statement(ms: number): Promise<void> {
    const before = this.overlaps ? Promise.resolve() : this.#lastStatement;
    const ended = before.then(() => new Promise<void>((resolve) => this.#environment.after(ms, resolve)));
    this.#lastStatement = ended;
    return ended;
  }
}
