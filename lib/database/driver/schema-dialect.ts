import { is, Table } from "drizzle-orm";
import { PgTable } from "drizzle-orm/pg-core";
import type { Dialect } from "./driver.ts";

/** The dialect of a schema's tables; "mixed" when they are of several. */
export type SchemaDialect = Dialect | "mixed";

/**
 * The dialect of the tables among the exports of `convex/schema.ts`.
 * @param withoutTables The answer for a schema without tables, which fits every database.
 */
export function dialectOf(schema: Record<string, unknown>, withoutTables: Dialect = "pg"): SchemaDialect {
  const found = new Set(tablesOf(schema).map(dialectOfTable));
  const [first = withoutTables, ...others] = found;
  return others.length > 0 ? "mixed" : first;
}

/** The Drizzle tables among the exports of a schema. */
export function tablesOf(schema: Record<string, unknown>): Table[] {
  return Object.values(schema).filter((value) => is(value, Table));
}

/** Compares the name of Drizzle's class, so that the modules of the other dialects need not be loaded. */
function dialectOfTable(table: Table): SchemaDialect {
  if (is(table, PgTable)) return "pg";
  return table.constructor.name.startsWith("SQLite") ? "sqlite" : "mysql";
}
