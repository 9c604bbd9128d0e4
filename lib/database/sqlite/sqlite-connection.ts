import type { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import { assert, must } from "../../environment/assert.ts";
import {
  ConnectionLostError,
  type DatabaseConnection,
  type Statement,
  type TransactionMode,
} from "../driver/driver.ts";
import type { RelationalSchema } from "../driver/relational-schema.ts";
import { endedByHand, rolledBackInstead, TransactionScope } from "../driver/transaction-scope.ts";
import type { SqliteFile } from "./sqlite-file.ts";
import { NestableTransaction, type Send, type Shape, TransactionSession } from "./sqlite-transaction.ts";

/** A handle on the file, lent to a connection for one transaction. */
export interface LentFile {
  readonly file: SqliteFile;
  /** @param reusable Whether the next transaction may use the handle. Otherwise it is closed. */
  giveBack(reusable: boolean): void;
}

export interface SqliteConnectionOptions {
  /** The schema of the next `begin`. */
  schema(): RelationalSchema<SQLiteAsyncDialect>;
  /** Lends a handle that only reads, without waiting. */
  reader(): LentFile;
  /** Lends the one handle that writes, once it is free. */
  writer(): Promise<LentFile>;
  /** Begins a transaction that writes: tries until no other process writes. */
  beginWriting(file: SqliteFile): Promise<void>;
}

/**
 * One transaction at a time on a SQLite file. A statement runs to its end within its call, so it cannot be stopped half
 * way, and only `destroy` can lose the connection.
 *
 * Drizzle's driver for better-sqlite3 has synchronous transactions only, in which a handler could await nothing. So
 * this uses Drizzle's session for a database behind a callback.
 */
export class SqliteConnection implements DatabaseConnection {
  readonly dialect = "sqlite";
  readonly #options: SqliteConnectionOptions;
  #lost: ConnectionLostError | undefined;
  /**
   * `release` was called. The error for later calls is made only when one comes: its stack trace costs as much as a
   * query.
   */
  #isReleased = false;
  /** Undefined → lent by `begin` → given back when the transaction ends; then `begin` may follow again. */
  #lent: LentFile | undefined;
  #transaction: TransactionScope | undefined;
  #definition: Definition | undefined;
  /** The error with which every further statement is refused, because one has ended the transaction. */
  #over: Error | undefined;
  /** A statement may have changed the handle for the transactions after this one. */
  #changedHandle = false;
  #db: unknown;

  constructor(options: SqliteConnectionOptions) {
    this.#options = options;
  }

  async begin(mode: TransactionMode): Promise<void> {
    assert(!this.#lent, "a connection holds one transaction at a time");
    this.#assertUsable();
    const lent = mode === "read" ? this.#options.reader() : await this.#options.writer();
    try {
      if (mode === "define") {
        this.#definition = new Definition(lent.file);
        this.#definition.begin();
      }
      if (mode === "read") beginReading(lent.file);
      else await this.#options.beginWriting(lent.file);
      // The connection may have been destroyed while it waited.
      this.#assertUsable();
    } catch (error) {
      this.#giveBack(lent);
      throw error;
    }
    this.#lent = lent;
    this.#over = undefined;
    this.#changedHandle = false;
    this.#transaction = new TransactionScope();
    this.#db = this.#drizzleIn(this.#transaction);
  }

  get db(): unknown {
    return must(this.#db, "`db` is asked for after `begin`");
  }

  get isSpent(): boolean {
    return this.#lost !== undefined || this.#over !== undefined || this.#changedHandle;
  }

  execute(sql: string, params: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    return this.#run(sql, (file) => file.rows(sql, numbered(params)));
  }

  async change(sql: string, params: readonly unknown[] = []): Promise<number> {
    return (await this.#run(sql, (file) => file.change(sql, numbered(params)))).changes;
  }

  async commit(deciding?: Statement): Promise<boolean> {
    const transaction = must(this.#transaction, "`commit` is called after `begin`");
    await transaction.end();
    const lent = this.#stillLent();
    if (this.#over) throw this.#over;
    if (!lent.file.inTransaction) throw endedByHand(transaction.firstFailure);
    if (transaction.firstFailure !== undefined) throw rolledBackInstead(transaction.firstFailure);
    if (deciding && lent.file.change(deciding.sql, numbered(deciding.params)).changes !== 1) return false;
    this.#definition?.assertWhole();
    lent.file.change("commit");
    this.#giveBack(lent);
    return true;
  }

  async rollback(): Promise<void> {
    await this.#transaction?.giveUp();
    try {
      if (this.#lent) this.#giveBack(this.#lent);
    } catch (error) {
      this.#lost ??= new ConnectionLostError("The transaction could not be rolled back.", { cause: error });
    }
  }

  release(): void {
    if (this.#lent) this.#giveBack(this.#lent);
    this.#isReleased = true;
  }

  destroy(): void {
    this.#lost ??= new ConnectionLostError("The connection was ended before its transaction was.");
    if (this.#lent) this.#giveBack(this.#lent);
  }

  /** Gives the handle back, with an open transaction rolled back. */
  #giveBack(lent: LentFile): void {
    const definition = this.#definition;
    this.#lent = undefined;
    this.#definition = undefined;
    // The handle is given back even when a statement throws: the next transaction waits for it.
    try {
      if (lent.file.isOpen && lent.file.inTransaction) lent.file.change("rollback");
      if (lent.file.isOpen) definition?.end();
    } finally {
      lent.giveBack(!this.#changedHandle && this.#over === undefined);
    }
  }

  #assertUsable(): void {
    if (this.#isReleased) this.#lost ??= new ConnectionLostError("The connection has been given back.");
    if (this.#lost) throw this.#lost;
  }

  #stillLent(): LentFile {
    this.#assertUsable();
    const lent = must(this.#lent, "the transaction is open");
    if (!lent.file.isOpen) throw new ConnectionLostError("The SQLite file has been closed.");
    return lent;
  }

  #run<T>(sql: string, statement: (file: SqliteFile) => T): Promise<T> {
    const transaction = must(this.#transaction, "statements come after `begin`");
    return transaction.run(() => this.#watched(sql, statement));
  }

  /** Runs a statement, and looks whether the transaction is still open. */
  #watched<T>(sql: string, statement: (file: SqliteFile) => T): T {
    const { file } = this.#stillLent();
    if (this.#over) throw this.#over;
    this.#changedHandle ||= changesHandle(sql);
    let result: T;
    try {
      result = statement(file);
    } catch (error) {
      if (!file.inTransaction) this.#over = endedByHand(error);
      throw error;
    }
    if (file.inTransaction) return result;
    this.#over = endedByHand(undefined);
    throw this.#over;
  }

  #drizzleIn(transaction: TransactionScope): unknown {
    const schema = this.#options.schema();
    const send: Send = (sql, params, shape) => this.#run(sql, (file) => answer(file, sql, params, shape));
    const session = new TransactionSession(schema, transaction, send);
    return new NestableTransaction({ schema, session, transaction, send }, 0);
  }
}

/**
 * Whether a statement may stay in force on its handle: what it sets, attaches, or creates for the handle alone. Also
 * true where a comment comes first.
 */
function changesHandle(sql: string): boolean {
  return /^\s*(pragma|attach|detach|--|\/\*)|^\s*create\s+temp/i.test(sql);
}

/**
 * Turns foreign keys off for a transaction that changes tables, and checks them at its end. A change may rebuild a
 * table and drop the old one, and an enforced foreign key would delete the rows that refer to it.
 */
class Definition {
  readonly #file: SqliteFile;
  #danglingBefore = 0;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /**
   * Called before the transaction begins: inside of one, SQLite ignores the pragma. `end` must follow even when this
   * throws.
   */
  begin(): void {
    this.#file.script("pragma foreign_keys = off");
    this.#danglingBefore = dangling(this.#file);
  }

  assertWhole(): void {
    if (dangling(this.#file) <= this.#danglingBefore) return;
    throw new Error(
      "After this change of tables some rows would refer to rows that do not exist: nothing was changed.",
    );
  }

  end(): void {
    this.#file.script("pragma foreign_keys = on");
  }
}

function dangling(file: SqliteFile): number {
  return Number(file.rows("select count(*) as rows from pragma_foreign_key_check")[0]?.rows);
}

/** Begins a transaction and reads once, because SQLite takes the snapshot at the first read and not at BEGIN. */
function beginReading(file: SqliteFile): void {
  file.change("begin");
  file.rows("select 1 from sqlite_schema limit 1");
}

/** The parameters in better-sqlite3's form for `$1`, `$2` … */
function numbered(params: readonly unknown[]): Record<string, unknown> | readonly unknown[] {
  return params.length === 0 ? params : Object.fromEntries(params.map((value, i) => [i + 1, value]));
}

function answer(file: SqliteFile, sql: string, params: unknown[], shape: Shape): { rows: unknown[] } {
  if (shape === "change") return { rows: [], ...file.change(sql, params) };
  return { rows: shape === "arrays" ? file.arrays(sql, params) : file.rows(sql, params) };
}
