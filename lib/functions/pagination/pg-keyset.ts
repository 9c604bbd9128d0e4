import { is, type SQL, sql } from "drizzle-orm";
import { getTableConfig, PgEnumColumn, PgTable } from "drizzle-orm/pg-core";
import { type KeysetSql, keysIn } from "./keyset-column.ts";

/** PostgreSQL: every value is read and sent as text, in the form in which PostgreSQL prints it. */
export const pgKeyset: KeysetSql = {
  read: (column) => sql`cast(${column} as text)`,
  compared: (column) => sql`${column}`,
  value: (column, value) => sql`cast(cast(${value} as text) as ${typeName(column)})`,
  keys: (table) => (is(table, PgTable) ? keysIn(getTableConfig(table)) : []),
};

function typeName(column: Parameters<KeysetSql["read"]>[0]): SQL {
  if (is(column, PgEnumColumn)) {
    const { schema, enumName } = column.enum;
    return schema ? sql`${sql.identifier(schema)}.${sql.identifier(enumName)}` : sql`${sql.identifier(enumName)}`;
  }
  // A "serial" is an integer with a default, not a type that can be cast to.
  return sql.raw(column.getSQLType().replace(/^(big|small)?serial$/, "$1int"));
}
