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

/** Options of a driver that a test opens. */
export interface OpenOptions {
  schema: Record<string, unknown>;
  connections?: number;
  connectTimeoutMs?: number;
  /** Reaches the server through this local port instead of its own. */
  port?: number;
}

/** How the suite opens and disturbs one kind of database. */
export interface DriverUnderTest {
  dialect: Dialect;
  /** Opens the driver on a database that only this suite uses. */
  open(options: OpenOptions): Promise<Driver>;
  /** Called after the last test, with the driver closed. */
  remove?(): Promise<void>;
  /**
   * Ends the driver's connections from outside, as a restart of the database does. Absent where the driver has none.
   */
  cutConnections?(driver: Driver): Promise<void>;
  /** The port of the server, if there is a server. */
  port?: number;
  /** Whether several transactions may write at the same time, so that they can conflict. */
  writersConflict: boolean;
  /** Whether COMMIT is sent before the deciding statement was answered. */
  commitsInOneTrip?: boolean;
  /** Whether a driver that is opened again has the same database, with its commits. */
  reopens: boolean;
}

/** The driver under test, with an empty table `things`, and what the tests do with it. */
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

  /** Creates the table anew, without rows. */
  reset(): Promise<void> {
    return this.run("define", "drop table if exists things", this.words.create);
  }

  /** Opens a connection and begins a transaction. `leaveNothing` ends it when the test has not. */
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

  /** Runs `work` in one transaction and commits it with a deciding statement. @returns whether it was committed. */
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

  /** The rows of a statement, read in a transaction of its own. */
  rows(statement: string, driver = this.driver): Promise<Record<string, unknown>[]> {
    return inTransaction(driver, "read", (connection) => connection.execute(statement));
  }

  /** The names in the table `things` that are committed, ordered by id. */
  async names(driver = this.driver): Promise<unknown[]> {
    return (await this.rows("select name from things order by id", driver)).map((row) => row.name);
  }

  /** The kind of failure with which the work ends. */
  async failureOf(work: Promise<unknown>): Promise<string> {
    const error = await work.then(
      () => expect.unreachable("it should have failed"),
      (reason: unknown) => reason,
    );
    return this.driver.classify(error);
  }

  /** "committed", or the kind of failure with which the work ends. */
  outcomeOf(work: Promise<unknown>): Promise<string> {
    return work.then(() => "committed", this.driver.classify);
  }
}
