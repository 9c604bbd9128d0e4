import { expect } from "vitest";
import type {
  DatabaseConnection,
  Dialect,
  Driver,
  Statement,
  TransactionMode,
} from "../../../../lib/database/driver/driver.ts";
import { inTransaction } from "../../../../lib/database/internal/database-lock.ts";
import { type Things, type ThingsDb, type Words, words } from "./things.ts";

/** What a test may want of the driver it opens. */
export interface OpenOptions {
  schema: Record<string, unknown>;
  connections?: number;
  connectTimeoutMs?: number;
  /** Reaches the server through this local port instead of its own. */
  port?: number;
}

/** How the suite gets at one kind of database. */
export interface DriverUnderTest {
  dialect: Dialect;
  /** Opens the driver on a database that nobody else uses. */
  open(options: OpenOptions): Promise<Driver>;
  /** Called after the last test, with the driver closed. */
  remove?(): Promise<void>;
  /** Ends connections of the driver from outside, as a restart of the database does. Absent where there are none. */
  cutConnections?(driver: Driver): Promise<void>;
  /** The port of the server, where there is one. */
  port?: number;
  /** Whether transactions that write run side by side, so that they can conflict. */
  writersConflict: boolean;
  /** Whether COMMIT is on its way before what decides has been answered. */
  commitsInOneTrip?: boolean;
  /** Whether what was committed is there when the driver is opened again. */
  reopens: boolean;
}

/** The driver under test while the suite uses it, with an empty table of things. */
export class DriverInUse {
  readonly subject: DriverUnderTest;
  readonly words: Words;
  readonly things: Things;
  readonly #taken: DatabaseConnection[] = [];
  #driver: Driver | undefined;

  constructor(subject: DriverUnderTest) {
    this.subject = subject;
    this.words = words[subject.dialect];
    this.things = this.words.things;
  }

  get driver(): Driver {
    if (!this.#driver) throw new Error("The suite opens the driver before its first test.");
    return this.#driver;
  }

  async open(): Promise<void> {
    this.#driver = await this.subject.open({ schema: { things: this.things } });
  }

  /** An empty table. */
  reset(): Promise<void> {
    return this.run("define", "drop table if exists things", this.words.create);
  }

  /** A connection with a transaction begun. The suite ends it when the test has not. */
  async begin(mode: TransactionMode, driver = this.driver): Promise<DatabaseConnection> {
    const connection = await driver.connect();
    this.#taken.push(connection);
    await connection.begin(mode);
    return connection;
  }

  leaveNothing(): void {
    for (const connection of this.#taken.splice(0)) connection.destroy();
  }

  async close(): Promise<void> {
    await this.#driver?.close();
    await this.subject.remove?.();
  }

  /** Runs statements in one transaction. */
  run(mode: TransactionMode, ...statements: string[]): Promise<void> {
    return inTransaction(this.driver, mode, async (connection) => {
      for (const statement of statements) await connection.execute(statement);
    });
  }

  write(...statements: string[]): Promise<void> {
    return this.run("write", ...statements);
  }

  /** Runs `work` in one transaction and commits it with what decides. @returns whether it was kept. */
  async decide(
    deciding: (connection: DatabaseConnection) => Statement,
    work?: (connection: DatabaseConnection) => Promise<unknown>,
  ) {
    const connection = await this.begin("write");
    try {
      await work?.(connection);
      return await connection.commit(deciding(connection));
    } finally {
      await connection.rollback();
      connection.release();
    }
  }

  db(connection: DatabaseConnection): ThingsDb {
    return connection.db as ThingsDb;
  }

  /** What a statement answers in a transaction of its own that reads. */
  rows(statement: string, driver = this.driver): Promise<Record<string, unknown>[]> {
    return inTransaction(driver, "read", (connection) => connection.execute(statement));
  }

  /** The names that are committed, by id. */
  async names(driver = this.driver): Promise<unknown[]> {
    return (await this.rows("select name from things order by id", driver)).map((row) => row.name);
  }

  /** What kind of failure the work ends with. */
  async failureOf(work: Promise<unknown>): Promise<string> {
    const error = await work.then(
      () => expect.unreachable("it should have failed"),
      (reason: unknown) => reason,
    );
    return this.driver.classify(error);
  }

  /** "committed", or what kind of failure it ends with. */
  outcomeOf(work: Promise<unknown>): Promise<string> {
    return work.then(() => "committed", this.driver.classify);
  }
}
