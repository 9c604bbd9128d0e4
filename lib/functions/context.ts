import type { ExtractTablesWithRelations } from "drizzle-orm";
import type { MySqlDatabase, MySqlQueryResultHKT, PreparedQueryHKTBase } from "drizzle-orm/mysql-core";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";
import type { AnyFunction, FunctionArgs, FunctionReturnType, OptionalArgs } from "./reference.ts";

/** The caller of a function, as `identify` in `server.ts` returned it. */
export interface Identity {
  /** Identifies the user: always the same text for the same user, such as an id of the users' table. */
  readonly subject: string;
  /** Any other claim that `identify` returned, such as `email`. */
  readonly [claim: string]: unknown;
}

/** The database in a mutation: a Drizzle database of the schema's dialect, inside the mutation's transaction. */
export type Database<Schema extends Record<string, unknown>> = Databases<Schema>[DialectOf<Schema>];

/**
 * One type for each dialect, never a union: a union has no method that could be called. A schema without tables counts as
 * PostgreSQL's.
 */
interface Databases<Schema extends Record<string, unknown>> {
  pg: PgDatabase<PgQueryResultHKT, Schema, ExtractTablesWithRelations<Schema>>;
  sqlite: BaseSQLiteDatabase<"async", SqliteChange, Schema, ExtractTablesWithRelations<Schema>>;
  mysql: MySqlDatabase<MysqlQueryResult, PreparedQueryHKTBase, Schema, ExtractTablesWithRelations<Schema>>;
}

/** Every table has its dialect in its type. */
type DialectOf<Schema> = [DialectIn<Schema>] extends [never] ? "pg" : DialectIn<Schema>;
type DialectIn<Schema> = Extract<
  Schema[keyof Schema],
  { _: { config: { dialect: keyof Databases<Record<string, never>> } } }
>["_"]["config"]["dialect"];

/** The result of an insert, update or delete on SQLite without `returning`. */
export interface SqliteChange {
  /** How many rows the statement has changed. */
  changes: number;
  /** The row id of the last row that was inserted. */
  lastInsertRowid: number | bigint;
}

/** The result of an insert, update or delete on MySQL, as the first of two. */
export interface MysqlChange {
  /** How many rows the statement has changed. */
  affectedRows: number;
  /** The first id that the database has generated; 0 when it has generated none. */
  insertId: number;
}

interface MysqlQueryResult extends MySqlQueryResultHKT {
  /** In Drizzle, a statement without rows has a row of type never. */
  readonly type: [
    [this["row"]] extends [never] ? MysqlChange : this["row"] extends MysqlChange ? this["row"] : this["row"][],
    unknown,
  ];
}

/** The database in a query: one read snapshot. Writes are refused, by the types and by the database. */
export type ReadOnlyDatabase<Schema extends Record<string, unknown>> = Omit<
  Database<Schema>,
  "insert" | "update" | "delete" | "refreshMaterializedView" | "transaction"
>;

/** The caller of a function. */
export interface Auth {
  /**
   * The caller's identity, as `identify` in `server.ts` returned it. A query that reads it gets a result of its own for
   * each caller; one that does not shares its result among all callers.
   * @returns null for an anonymous caller.
   *
   * @example
   * const identity = await auth.getUserIdentity();
   * if (identity === null) throw new ConvexError("Sign in first.");
   */
  getUserIdentity(): Promise<Identity | null>;
}

/**
 * Runs another function of this application: in the same transaction inside a query or mutation, in a transaction of its
 * own inside an action. Arguments and result are checked by the schemas of the function that runs.
 * @param fn The function, or its reference from `api` or `internal`.
 * @returns the function's result.
 * @throws what the function throws, and a `TypeError` when the arguments do not parse.
 *
 * @example const channel = await runQuery(internal.channels.get, { id });
 */
export type RunFunction<Kind extends "query" | "mutation" | "action"> = <F extends AnyFunction<Kind>>(
  fn: F,
  ...args: OptionalArgs<F>
) => Promise<FunctionReturnType<F>>;

/** What a mutation or an action makes happen after it. */
export interface Scheduler {
  /**
   * Marks live results of `query` stale, so that they are computed anew: all of them, or those whose parsed arguments
   * equal `args` on the keys given. Takes effect when the mutation commits, and never when it rolls back; in an action, at
   * once.
   * @param query The query, or its reference.
   * @param args Some or all of its arguments, as a caller gives them. Default: none, which matches every result.
   * @param options `subject` limits it to the results for one user. Default: those for all callers.
   * @throws when an argument does not parse by the query's own schema, or `query` is not an exported query.
   *
   * @example await scheduler.invalidate(api.messages.listByChannel, { channel });
   * @example await scheduler.invalidate(api.inbox.unread, {}, { subject: recipient });
   */
  invalidate<F extends AnyFunction<"query">>(
    query: F,
    args?: Partial<FunctionArgs<F>>,
    options?: InvalidateOptions,
  ): Promise<void>;
}

/** Limits what `scheduler.invalidate` touches. */
export interface InvalidateOptions {
  /**
   * The subject of an identity, as `identify` returns it: touches the results for every identity that has it, whatever its
   * other claims are, and results that all callers share.
   */
  readonly subject: string;
}

/** What the handler of a query is given. */
export interface QueryCtx<Schema extends Record<string, unknown> = RegisteredSchema> {
  /** The database: one read snapshot for the whole run. */
  db: ReadOnlyDatabase<Schema>;
  /** The caller. */
  auth: Auth;
  /** Runs another query in the same snapshot. */
  runQuery: RunFunction<"query">;
}

/** What the handler of a mutation is given. */
export interface MutationCtx<Schema extends Record<string, unknown> = RegisteredSchema> {
  /** The database, inside the mutation's transaction. It commits when the handler returns and rolls back when it throws. */
  db: Database<Schema>;
  /** The caller. */
  auth: Auth;
  /** Announces what the mutation has changed. */
  scheduler: Scheduler;
  /** Runs a query in the mutation's transaction: it sees the writes made so far. */
  runQuery: RunFunction<"query">;
  /** Runs a mutation in a savepoint: when it throws and the handler catches that, its writes and invalidations are undone. */
  runMutation: RunFunction<"mutation">;
}

/** What the handler of an action is given. It has no database: an action reads and writes through queries and mutations. */
export interface ActionCtx {
  /** The caller. */
  auth: Auth;
  /** Announces what the action has changed. */
  scheduler: Scheduler;
  /** Runs a query in a snapshot of its own. */
  runQuery: RunFunction<"query">;
  /** Runs a mutation in a transaction of its own. */
  runMutation: RunFunction<"mutation">;
  /** Runs another action. */
  runAction: RunFunction<"action">;
  /**
   * Aborted when nothing waits for the result any more: the caller's socket or HTTP request is gone, the action has taken longer
   * than its time limit, or the server stops and does not wait any longer. Pass it on to what takes long. An action that
   * does not look at it goes on. What it calls with `runAction` has the same signal.
   *
   * @example const response = await fetch(url, { signal: ctx.signal });
   */
  signal: AbortSignal;
}

/** The generated file adds `schema` to this interface: it gives `ctx.db` the types of the application's tables. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface Register {}

/** The schema of `convex/schema.ts`, as the generated file registered it. */
export type RegisteredSchema = Register extends { schema: infer Schema extends Record<string, unknown> }
  ? Schema
  : Record<string, never>;
