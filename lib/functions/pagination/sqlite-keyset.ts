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

/** SQLite's values have types of their own, whatever the column's is. NaN is no value, and an integer has 64 bits. */
function isOfSqlite(value: unknown): boolean {
  if (typeof value === "bigint") return BigInt.asIntN(64, value) === value;
  return (
    typeof value === "string" || value instanceof Uint8Array || (typeof value === "number" && !Number.isNaN(value))
  );
}
