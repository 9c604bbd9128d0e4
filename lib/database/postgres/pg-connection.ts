import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import type { NodePgClient } from "drizzle-orm/node-postgres/session";
import type { PgDialect } from "drizzle-orm/pg-core";
import type { PoolClient, QueryConfig, QueryResult } from "pg";
import { assert, must } from "../../environment/assert.ts";
import { lostBecause, writesFile } from "../driver/database-errors.ts";
import {
  ConnectionLostError,
  type DatabaseConnection,
  DECIDES_NOTHING,
  type Statement,
  type TransactionMode,
} from "../driver/driver.ts";
import type { RelationalSchema } from "../driver/relational-schema.ts";
import { endedByHand, rolledBackInstead, TransactionScope } from "../driver/transaction-scope.ts";
import { NestableTransaction, TransactionSession } from "./pg-transaction.ts";
import { sqlState } from "./postgres-errors.ts";
import type { StatementNames } from "./statement-names.ts";
import { isCopy, StatementWatch } from "./statement-watch.ts";

export interface PgConnectionOptions {
  /** The schema of the next `begin`. */
  schema(): RelationalSchema<PgDialect>;
  /** Whether statements may be named, that is, prepared by the server. False where connections share one backend. */
  namedStatements: boolean;
  /** Names for statements that are sent again and again, where the client keeps its session. */
  names?: StatementNames | undefined;
  /** Called when the server does not know a name: the session was not kept. */
  sessionLost?(): void;
  /**
   * Whether no other connection of this process can commit while this one is lent. Then BEGIN is sent with the first
   * statement: whenever the snapshot is taken, it is the same.
   */
  isOnly?: boolean;
  /** Whether the server may still run what was sent before the connection was lost. */
  outlivesClient: boolean;
  /** Statements of every BEGIN, by which nothing of an earlier transaction or of the server's settings is noticed. */
  cleanSession: string;
  /** Called once: the client went back to its pool ("reuse"), or was closed because of a failure or by `destroy`. */
  ended(how: "reuse" | "throwAway" | "destroy"): void;
}

const IN_FAILED_TRANSACTION = "25P02";
const UNKNOWN_STATEMENT = "26000";

const beginStatement: Readonly<Record<TransactionMode, string>> = {
  read: "begin isolation level repeatable read, read only",
  write: "begin isolation level serializable",
  define: "begin isolation level serializable",
};

/**
 * `select 1` takes the snapshot, in the same round trip: PostgreSQL takes it at the first statement, not at BEGIN. A
 * "write" takes its snapshot with its own first statement: the later a snapshot, the fewer conflicts.
 */
const takeSnapshot: Readonly<Record<TransactionMode, string>> = { read: "; select 1", write: "", define: "" };

/**
 * One transaction at a time on one client of a `pg.Pool`, for a PostgreSQL server and for the embedded database.
 *
 * Drizzle's own `db.transaction` is not used: after a lost connection it hides the first error behind that of the
 * failed rollback, and it leaves the client's "error" event unhandled, which ends the process.
 */
export class PgConnection implements DatabaseConnection {
  readonly dialect = "pg";
  readonly #client: PoolClient;
  readonly #options: PgConnectionOptions;
  readonly #watch: StatementWatch;
  /** Why the connection is gone. Set once, by the client's "error" or by `destroy`. */
  #lost: ConnectionLostError | undefined;
  /** Undefined → begun by `begin` → ended by `commit` or `rollback`; then `begin` may follow again. */
  #transaction: TransactionScope | undefined;
  /** Begins the transaction, and is sent with its first statement. */
  #unsentBegin: string | undefined;
  #db: unknown;
  #ended = false;
  readonly #onError = (error: Error): void => {
    this.#lost ??= lostBecause(error);
  };

  constructor(client: PoolClient, options: PgConnectionOptions) {
    this.#client = client;
    this.#options = options;
    this.#watch = new StatementWatch(client);
    client.on("error", this.#onError);
  }

  async begin(mode: TransactionMode, lock?: string): Promise<void> {
    assert(!this.#transaction?.isOpen, "a connection holds one transaction at a time");
    const { outlivesClient, cleanSession, isOnly } = this.#options;
    const locking = lock !== undefined && outlivesClient ? takeLock(lock) : "";
    const begin = `${beginStatement[mode]}; ${cleanSession}`;
    if (this.#lost) throw this.#lost;
    if (isOnly) this.#unsentBegin = begin;
    else await this.#send(`${begin}${takeSnapshot[mode]}${locking}`);
    this.#watch.begun();
    this.#transaction = new TransactionScope();
    this.#db = this.#drizzleIn(this.#transaction, mode);
  }

  get isSpent(): boolean {
    return this.#lost !== undefined || (this.#unsentBegin === undefined && this.#watch.isSpent);
  }

  get db(): unknown {
    return must(this.#db, "`db` is asked for after `begin`");
  }

  async execute(sql: string, params: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await this.#run(sql, params)).rows as Record<string, unknown>[];
  }

  async change(sql: string, params: readonly unknown[] = []): Promise<number> {
    return (await this.#run(sql, params)).rowCount ?? 0;
  }

  async commit(deciding?: Statement): Promise<boolean> {
    const transaction = must(this.#transaction, "`commit` is called after `begin`");
    await transaction.end();
    if (this.#lost) throw this.#lost;
    if (this.#watch.over) throw this.#watch.over;
    const begin = this.#takeBegin();
    if (begin !== undefined && !deciding) return true;
    const status = begin === undefined ? this.#client.getTransactionStatus() : "T";
    if (status === "I") throw endedByHand(transaction.firstFailure);
    // The statement that failed before is the cause, and says more than the error of a later statement would.
    if (status === "E") throw rolledBackInstead(transaction.firstFailure);
    // Both are sent before either is answered: after a deciding statement that failed, COMMIT rolls back.
    const [, decision, end] = await this.#inOneGo(() => [
      begin === undefined ? undefined : this.#begun(begin),
      deciding && this.#send(this.#named({ text: deciding.sql }), [...deciding.params]),
      this.#send("commit"),
    ]);
    if (decision.status === "rejected") {
      const state = sqlState(decision.reason);
      if (state === DECIDES_NOTHING) return false;
      // The status may not have been "E" above: the error of a failed statement can arrive before the status.
      if (state === IN_FAILED_TRANSACTION) throw rolledBackInstead(transaction.firstFailure);
      throw this.#unlessTheServerSaidIt(decision.reason);
    }
    if (end.status === "rejected") throw this.#unlessTheServerSaidIt(end.reason);
    if (end.value.command !== "COMMIT") throw rolledBackInstead(transaction.firstFailure);
    return true;
  }

  /** An error that is not the server's, such as a timeout of the client, leaves the outcome of the COMMIT unknown. */
  #unlessTheServerSaidIt(error: unknown): unknown {
    if (sqlState(error) !== undefined) return error;
    this.#lost ??= lostBecause(error);
    return this.#lost;
  }

  async rollback(): Promise<void> {
    await this.#transaction?.giveUp();
    if (this.#takeBegin() !== undefined) return;
    try {
      await this.#send("rollback");
    } catch (error) {
      // When the connection is lost, the database rolls back by itself; `release` closes the client.
      this.#lost ??= lostBecause(error);
    }
  }

  release(): void {
    const isClean = !this.#lost && !this.#transaction?.isOpen && !this.#watch.isMarked;
    this.#end(isClean && this.#client.getTransactionStatus() === "I" ? "reuse" : "throwAway");
  }

  destroy(): void {
    if (this.#ended) return;
    this.#lost ??= new ConnectionLostError("The connection was ended before its transaction was.");
    this.#end("destroy");
  }

  #end(how: "reuse" | "throwAway" | "destroy"): void {
    if (this.#ended) return;
    this.#ended = true;
    if (how === "reuse") this.#client.off("error", this.#onError);
    // `end` of a client waits for the answers to its statements, which may never come.
    else this.#stream.destroy?.();
    this.#client.release(how !== "reuse");
    this.#options.ended(how);
  }

  /**
   * The client's socket, which pg's types omit. In Neon's package it is not a stream of Node and lacks some methods.
   */
  get #stream(): Partial<Duplex> {
    return (this.#client as unknown as { connection: { stream: Partial<Duplex> } }).connection.stream;
  }

  async #send(query: string | Query, params?: unknown[]): Promise<QueryResult> {
    if (this.#lost) throw this.#lost;
    try {
      return await this.#client.query(query as QueryConfig, params);
    } catch (error) {
      if (isUnusable(error) || (isNamed(query) && this.#isForgotten(error))) this.#lost ??= lostBecause(error);
      throw this.#lost ?? error;
    }
  }

  /**
   * Whether the server no longer has a statement under its name, or has it for a table that was changed meanwhile. Nothing
   * of it has run, but its transaction has failed.
   */
  #isForgotten(error: unknown): boolean {
    const state = sqlState(error);
    if (state === UNKNOWN_STATEMENT) this.#options.sessionLost?.();
    return (
      state === UNKNOWN_STATEMENT || (state === "0A000" && error instanceof Error && /cached plan/.test(error.message))
    );
  }

  /** The BEGIN that is still to be sent. Its caller sends it. */
  #takeBegin(): string | undefined {
    const begin = this.#unsentBegin;
    this.#unsentBegin = undefined;
    return begin;
  }

  /** Without its transaction nothing may run: what is sent behind a BEGIN that has failed is the connection's last. */
  async #begun(begin: string): Promise<void> {
    try {
      await this.#send(begin);
    } catch (error) {
      this.#lost ??= lostBecause(error);
      throw this.#lost;
    }
  }

  /** Sends a statement of the transaction, the first one behind its BEGIN. */
  async #sendInside(query: Query, params: unknown[]): Promise<QueryResult> {
    const begin = this.#takeBegin();
    if (begin === undefined) return this.#send(query, params);
    const [begun, answer] = await this.#inOneGo(() => [this.#begun(begin), this.#send(query, params)]);
    if (begun.status === "rejected") throw begun.reason;
    if (answer.status === "rejected") throw answer.reason;
    return answer.value;
  }

  /** After a change of settings a statement may mean something else than when it was read: it is read again. */
  #named<Q extends Query>(query: Q): Q {
    const name = this.#watch.changedSettings ? undefined : this.#options.names?.of(query.text);
    return name === undefined ? query : { ...query, name };
  }

  /** Sends several statements in one packet, where the client does not wait for an answer between them. */
  #inOneGo<T extends readonly unknown[]>(
    send: () => T,
  ): Promise<{ [K in keyof T]: PromiseSettledResult<Awaited<T[K]>> }> {
    const stream = this.#stream;
    stream.cork?.();
    try {
      return Promise.allSettled(send());
    } finally {
      stream.uncork?.();
    }
  }

  #run(sql: string, params: readonly unknown[]): Promise<QueryResult> {
    const transaction = must(this.#transaction, "statements come after `begin`");
    return transaction.run(() => {
      if (this.#watch.over) throw this.#watch.over;
      return this.#sendInside(params.length > 0 ? this.#named({ text: sql }) : { text: sql }, [...params]);
    });
  }

  /** Sends a statement of a function. */
  async #sendWatched(query: Query, params: unknown[], mode: TransactionMode): Promise<QueryResult> {
    if (this.#watch.over) throw this.#watch.over;
    if (mode === "read" && isCopy(query.text)) throw writesFile("copy");
    let result: QueryResult;
    try {
      result = await this.#sendInside(this.#named({ ...query, queryMode: "extended" }), params);
    } catch (error) {
      if (!this.#lost) await this.#watch.failed(error);
      throw error;
    }
    this.#watch.succeeded(query.text, result);
    return result;
  }

  #drizzleIn(transaction: TransactionScope, mode: TransactionMode): unknown {
    const { namedStatements } = this.#options;
    const schema = this.#options.schema();
    const query = (query: Query, params: unknown[]) => transaction.run(() => this.#sendWatched(query, params, mode));
    const client = { query } as unknown as NodePgClient;
    const session = new TransactionSession(client, schema, transaction, namedStatements);
    return new NestableTransaction({ schema, session, transaction, send: (sql) => this.#run(sql, []) }, 0);
  }
}

/**
 * Takes a lock in the round trip of BEGIN. An advisory lock is named by 64 bits, and all users of a database share the
 * names.
 */
function takeLock(name: string): string {
  const key = createHash("sha256").update(`convex-lite ${name}`).digest().readBigInt64BE();
  return `; select pg_advisory_xact_lock(${key})`;
}

/** The argument with which Drizzle calls `client.query` of pg. */
interface Query {
  text: string;
  name?: string;
  types?: unknown;
  rowMode?: string;
  /** "extended": the text may hold one statement only, also without parameters. */
  queryMode?: "extended";
}

function isNamed(query: string | Query): boolean {
  return typeof query === "object" && query.name !== undefined;
}

/**
 * Whether `pg` refused because the connection was lost earlier, before `#onError` listened. Its errors for that have no
 * code.
 */
function isUnusable(error: unknown): boolean {
  return error instanceof Error && /is not queryable|^Connection terminated/.test(error.message);
}
