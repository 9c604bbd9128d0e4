import type { ExtractTablesWithRelations } from "drizzle-orm";
import type { MySqlDatabase, MySqlQueryResultHKT, PreparedQueryHKTBase } from "drizzle-orm/mysql-core";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";
import type { AnyFunction, FunctionArgs, FunctionReturnType, OptionalArgs } from "./reference.ts";

/** Who is calling: a `subject` that stays the same for the same person, and whatever else `identify` found. */
export interface Identity {
  readonly subject: string;
  readonly [claim: string]: unknown;
}

/** The database as a mutation sees it: the author's Drizzle database, inside the mutation's transaction. */
export type Database<Schema extends Record<string, unknown>> = Databases<Schema>[DialectOf<Schema>];

/**
 * One for each dialect, never a union of them: nothing could be called on it without being told which it is. A schema
 * without tables counts as PostgreSQL's.
 */
interface Databases<Schema extends Record<string, unknown>> {
  pg: PgDatabase<PgQueryResultHKT, Schema, ExtractTablesWithRelations<Schema>>;
  sqlite: BaseSQLiteDatabase<"async", SqliteChange, Schema, ExtractTablesWithRelations<Schema>>;
  mysql: MySqlDatabase<MysqlQueryResult, PreparedQueryHKTBase, Schema, ExtractTablesWithRelations<Schema>>;
}

/** Every table says its dialect in its type. */
type DialectOf<Schema> = [DialectIn<Schema>] extends [never] ? "pg" : DialectIn<Schema>;
type DialectIn<Schema> = Extract<
  Schema[keyof Schema],
  { _: { config: { dialect: keyof Databases<Record<string, never>> } } }
>["_"]["config"]["dialect"];

/** What an insert, update or delete on SQLite answers, without `returning`. */
export interface SqliteChange {
  changes: number;
  lastInsertRowid: number | bigint;
}

/** What an insert, update or delete on MySQL answers, as the first of two. */
export interface MysqlChange {
  affectedRows: number;
  insertId: number;
}

interface MysqlQueryResult extends MySqlQueryResultHKT {
  /** Statements of Drizzle's own that answer no rows have a row of type never. */
  readonly type: [
    [this["row"]] extends [never] ? MysqlChange : this["row"] extends MysqlChange ? this["row"] : this["row"][],
    unknown,
  ];
}

/** The database as a query sees it: one read snapshot. Writing is refused, by the types and by the database. */
export type ReadOnlyDatabase<Schema extends Record<string, unknown>> = Omit<
  Database<Schema>,
  "insert" | "update" | "delete" | "refreshMaterializedView" | "transaction"
>;

export interface Auth {
  /** Who is calling, as `identify` in `server.ts` decided; null when it is nobody. */
  getUserIdentity(): Promise<Identity | null>;
}

/** Runs another function. Inside a query or mutation it runs in the same transaction. */
export type RunFunction<Kind extends "query" | "mutation" | "action"> = <F extends AnyFunction<Kind>>(
  fn: F,
  ...args: OptionalArgs<F>
) => Promise<FunctionReturnType<F>>;

export interface Scheduler {
  /**
   * Marks live results of `query` stale: all of them, or those whose parsed arguments equal `args` on the keys given.
   * Takes effect after the mutation has committed, never when it rolls back. In an action it acts at once.
   * @param query The query itself, or its reference.
   * @param args Some or all of its arguments, as a caller would give them.
   * @throws when an argument does not parse by the query's own schema, or `query` has no path.
   */
  invalidate<F extends AnyFunction<"query">>(query: F, args?: Partial<FunctionArgs<F>>): Promise<void>;
}

export interface QueryCtx<Schema extends Record<string, unknown> = RegisteredSchema> {
  db: ReadOnlyDatabase<Schema>;
  auth: Auth;
  runQuery: RunFunction<"query">;
}

export interface MutationCtx<Schema extends Record<string, unknown> = RegisteredSchema> {
  db: Database<Schema>;
  auth: Auth;
  scheduler: Scheduler;
  runQuery: RunFunction<"query">;
  /** Runs a mutation in a savepoint: when it throws and you catch it, its writes and invalidations are gone. */
  runMutation: RunFunction<"mutation">;
}

export interface ActionCtx {
  auth: Auth;
  scheduler: Scheduler;
  runQuery: RunFunction<"query">;
  runMutation: RunFunction<"mutation">;
  runAction: RunFunction<"action">;
}

/** The generated file adds `schema` to this interface; that is how `ctx.db` knows your tables. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface Register {}

/** The schema of `convex/schema.ts`, as the generated file registered it. */
export type RegisteredSchema = Register extends { schema: infer Schema extends Record<string, unknown> }
  ? Schema
  : Record<string, never>;
