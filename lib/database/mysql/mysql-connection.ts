import type { MySqlDialect } from "drizzle-orm/mysql-core";
import type { MySql2Client } from "drizzle-orm/mysql2/session";
import type { PoolConnection, QueryOptions, ResultSetHeader } from "mysql2/promise";
import { assert, must } from "../../environment/assert.ts";
import { lostBecause, writesFile } from "../driver/database-errors.ts";
import {
  ConnectionLostError,
  type DatabaseConnection,
  type Statement,
  type TransactionMode,
} from "../driver/driver.ts";
import type { RelationalSchema } from "../driver/relational-schema.ts";
import { endedByHand, rolledBackInstead, TransactionScope } from "../driver/transaction-scope.ts";
import { committingWords, mayHideAnother } from "./implicit-commit.ts";
import { classifyMysql, isLoss } from "./mysql-errors.ts";
import { NestableTransaction, TransactionSession } from "./mysql-transaction.ts";
import { fileWords, staysInSession } from "./side-effects.ts";

export interface MysqlConnectionOptions {
  /** The schema of the next `begin`. */
  schema(): RelationalSchema<MySqlDialect>;
  /** Replaces a statement's error by one with a clearer message, or returns it as it is. */
  explain(error: unknown, statement: string): unknown;
  /**
   * Called once: the client went back to its pool ("reuse") or was destroyed; "busy" means while a statement was
   * running.
   */
  ended(how: "reuse" | "throwAway" | "busy"): void;
}

/**
 * The pool sets its connections to "repeatable read", without which "with consistent snapshot" takes no snapshot. The
 * statement takes it at once. "Serializable" applies to the next transaction only, and makes plain selects take locks.
 */
const beginStatements: Readonly<Record<TransactionMode, readonly string[]>> = {
  read: ["start transaction with consistent snapshot, read only"],
  write: ["set transaction isolation level serializable", "start transaction"],
  // No transaction: MySQL commits before and after each change of a table.
  define: [],
};

/** Flags of the server's status after `begin`: a transaction is open (1), and autocommit is on (2). */
const AS_BEGUN = 1 | 2;

/**
 * One transaction at a time on one connection of a pool of mysql2.
 *
 * In MySQL a deadlock ends the transaction, but not the connection: each later statement would be committed by itself.
 * So after a conflict, and after a statement that ended the transaction implicitly, no further statement is sent. A
 * statement that is known to end the transaction is not sent at all, because what it commits could not be rolled back.
 */
export class MysqlConnection implements DatabaseConnection {
  readonly dialect = "mysql";
  readonly #client: PoolConnection;
  readonly #options: MysqlConnectionOptions;
  #lost: ConnectionLostError | undefined;
  /** Rejects when the connection is lost: mysql2 never answers a statement whose connection was destroyed. */
  readonly #loss = Promise.withResolvers<never>();
  /**
   * The error with which every further statement of this transaction is refused. Undefined while statements are sent.
   */
  #over: unknown;
  /** Undefined → begun by `begin` → ended by `commit` or `rollback`; then `begin` may follow again. */
  #transaction: TransactionScope | undefined;
  #mode: TransactionMode = "read";
  #inTransaction = false;
  /** A statement of this transaction may have changed something in the session that the next function would notice. */
  #changedSession = false;
  /** A statement has left the connection in a state in which it must not be used again. */
  #meddledWith = false;
  #running = 0;
  #db: unknown;
  #ended = false;
  readonly #onError = (error: Error): void => void this.#lose(error);

  constructor(client: PoolConnection, options: MysqlConnectionOptions) {
    this.#client = client;
    this.#options = options;
    client.on("error", this.#onError);
    // A loss while no statement runs must not be an unhandled rejection.
    this.#loss.promise.catch(() => {});
  }

  async begin(mode: TransactionMode): Promise<void> {
    assert(!this.#transaction?.isOpen, "a connection holds one transaction at a time");
    this.#over = undefined;
    this.#mode = mode;
    this.#changedSession = false;
    for (const statement of beginStatements[mode]) await this.#send({ sql: statement });
    this.#inTransaction = mode !== "define";
    this.#transaction = new TransactionScope();
    this.#db = this.#drizzleIn(this.#transaction);
  }

  get db(): unknown {
    return must(this.#db, "`db` is asked for after `begin`");
  }

  get isSpent(): boolean {
    return this.#lost !== undefined || this.#over !== undefined || this.#changedSession;
  }

  async execute(sql: string, params: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const [rows] = await this.#run(positional(sql, params));
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
  }

  async change(sql: string, params: readonly unknown[] = []): Promise<number> {
    const [header] = await this.#run(positional(sql, params));
    return (header as ResultSetHeader).affectedRows;
  }

  async commit(deciding?: Statement): Promise<boolean> {
    const transaction = must(this.#transaction, "`commit` is called after `begin`");
    await transaction.end();
    if (this.#lost) throw this.#lost;
    if (this.#over !== undefined) throw this.#over;
    if (transaction.firstFailure !== undefined) throw rolledBackInstead(transaction.firstFailure);
    if (deciding) {
      const [header] = await this.#sendInside(positional(deciding.sql, deciding.params));
      if ((header as ResultSetHeader).affectedRows !== 1) return false;
    }
    if (!this.#inTransaction) return true;
    await this.#send({ sql: "commit" });
    this.#inTransaction = false;
    return true;
  }

  async rollback(): Promise<void> {
    await this.#transaction?.giveUp();
    if (!this.#inTransaction || this.#lost) return;
    try {
      await this.#send({ sql: "rollback" });
      this.#inTransaction = false;
    } catch (error) {
      // When the connection is lost, the database rolls back by itself; `release` destroys the client.
      this.#lose(error);
    }
  }

  release(): void {
    if (this.#lost || this.#transaction?.isOpen || this.#inTransaction || this.#meddledWith)
      this.#throwAway("throwAway");
    else this.#end("reuse", () => this.#client.release());
  }

  destroy(): void {
    if (this.#ended) return;
    this.#lose(new ConnectionLostError("The connection was ended before its transaction was."));
    this.#throwAway(this.#running > 0 ? "busy" : "throwAway");
  }

  #lose(error: unknown): ConnectionLostError {
    this.#lost ??= lostBecause(error);
    this.#loss.reject(this.#lost);
    return this.#lost;
  }

  #throwAway(how: "throwAway" | "busy"): void {
    this.#end(how, () => this.#client.destroy());
  }

  #end(how: "reuse" | "throwAway" | "busy", giveUp: () => void): void {
    if (this.#ended) return;
    this.#ended = true;
    if (how === "reuse") this.#client.off("error", this.#onError);
    giveUp();
    this.#options.ended(how);
  }

  #run(query: QueryOptions): Promise<[unknown, unknown]> {
    return must(this.#transaction, "statements come after `begin`").run(() => this.#sendInside(query));
  }

  async #sendInside(query: QueryOptions): Promise<[unknown, unknown]> {
    if (this.#over !== undefined) throw this.#over;
    const committing = this.#inTransaction ? committingWords(query.sql) : undefined;
    if (committing) throw wouldCommit(committing);
    const file = this.#mode === "read" ? fileWords(query.sql) : undefined;
    if (file) throw writesFile(file);
    if (staysInSession(query.sql)) {
      this.#changedSession = true;
      this.#meddledWith = true;
    }
    let answer: [unknown, unknown];
    try {
      answer = await this.#send(query);
    } catch (error) {
      if (classifyMysql(error) === "conflict") this.#over = error;
      else await this.#noteWhetherOver(undefined, query.sql);
      throw this.#options.explain(error, query.sql);
    }
    await this.#noteWhetherOver(answer[0], query.sql);
    if (this.#over !== undefined) throw this.#over;
    return answer;
  }

  /**
   * Checks whether a statement has ended the transaction. An answer without rows holds the server's status; after any
   * other answer, and after an error, the server is asked for it.
   */
  async #noteWhetherOver(answer: unknown, sql: string): Promise<void> {
    if (!this.#inTransaction || this.#lost) return;
    if (Array.isArray(answer) && !mayHideAnother(sql)) return;
    const status = serverStatus(answer) ?? serverStatus((await this.#send({ sql: "do 0" }))[0]);
    if (status === undefined || (status & AS_BEGUN) === AS_BEGUN) return;
    this.#inTransaction = false;
    this.#meddledWith = true;
    this.#over = endedByHand(undefined);
  }

  async #send(query: QueryOptions): Promise<[unknown, unknown]> {
    if (this.#lost) throw this.#lost;
    this.#running++;
    try {
      return await Promise.race([this.#client.query(query), this.#loss.promise]);
    } catch (error) {
      if (isLoss(error)) throw this.#lose(error);
      throw this.#lost ?? error;
    } finally {
      this.#running--;
    }
  }

  #drizzleIn(transaction: TransactionScope): unknown {
    const schema = this.#options.schema();
    const query = (given: string | QueryOptions, values: unknown[]) =>
      this.#run({ ...(typeof given === "string" ? { sql: given } : given), ...(values ? { values } : {}) });
    const client = { query, execute: query } as unknown as MySql2Client;
    const session = new TransactionSession(client, schema, transaction);
    const send = (sql: string) => this.#run({ sql });
    return new NestableTransaction({ schema, session, transaction, send }, 0);
  }
}

function wouldCommit(words: string): Error {
  return new Error(
    `A function has its transaction already, and "${words}" would commit what it has written so far, even if the function fails later. ` +
      "To change tables, use convex/schema.ts or a migration; for a part that may fail by itself, use db.transaction.",
  );
}

/** The statement with `?` in place of `$1`, `$2` …: mysql2 writes the values into the text. */
function positional(sql: string, params: readonly unknown[]): QueryOptions {
  if (params.length === 0) return { sql };
  const values: unknown[] = [];
  const text = sql.replace(/\$(\d+)/g, (_, number: string) => {
    values.push(params[Number(number) - 1]);
    return "?";
  });
  return { sql: text, values };
}

function serverStatus(answer: unknown): number | undefined {
  return (answer as Partial<ResultSetHeader> | undefined)?.serverStatus;
}
