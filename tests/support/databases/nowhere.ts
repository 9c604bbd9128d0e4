import {
  ConnectionLostError,
  type DatabaseConnection,
  type Driver,
  type Failure,
} from "../../../lib/database/driver/driver.ts";

/** A database that accepts every statement and stores nothing. */
export class Nowhere implements Driver {
  readonly dialect = "pg";
  readonly connections: number;
  readonly overlaps: boolean;
  readonly runsInCall = false;
  readonly shared = false;
  readonly description = "nowhere";
  commits = 0;
  /** How many of the next commits fail with a conflict. */
  conflicts = 0;
  /** How many of the next BEGINs are not answered. */
  silentBegins = 0;
  destroyed = 0;

  constructor({ connections = 10, overlaps = true } = {}) {
    this.connections = connections;
    this.overlaps = overlaps;
  }

  async connect(): Promise<DatabaseConnection> {
    return {
      begin: () => (this.silentBegins-- > 0 ? new Promise(() => {}) : Promise.resolve()),
      db: undefined,
      isSpent: false,
      dialect: "pg",
      execute: async () => [{}],
      change: async () => 1,
      commit: async () => {
        if (this.conflicts-- > 0) throw new Error("conflict");
        this.commits++;
        return true;
      },
      rollback: async () => {},
      release() {},
      destroy: () => {
        this.destroyed++;
      },
    };
  }

  useSchema(): void {}

  classify(error: unknown): Failure {
    if (error instanceof ConnectionLostError) return "connectionLost";
    return error instanceof Error && error.message === "conflict" ? "conflict" : "other";
  }

  async close(): Promise<void> {}
}
