import { is, sql } from "drizzle-orm";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { type KeysetSql, keysIn } from "./keyset-column.ts";

/** SQLite: its values are JavaScript's own, and an integer that a number would round is read as a bigint. */
export const sqliteKeyset: KeysetSql = {
  read: (column) => sql`${column}`,
  compared: (column) => sql`${column}`,
  value: (_, value) => (isOfSqlite(value) ? sql`${value}` : undefined),
  keys: (table) => (is(table, SQLiteTable) ? keysIn(getTableConfig(table)) : []),
};

function isOfSqlite(value: unknown): boolean {
  return ["string", "number", "bigint"].includes(typeof value) || value instanceof Uint8Array;
}
