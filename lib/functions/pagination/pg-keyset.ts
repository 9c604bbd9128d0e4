import { type Column, is, type SQL, sql } from "drizzle-orm";
import { getTableConfig, PgEnumColumn, PgTable } from "drizzle-orm/pg-core";
import { type KeysetSql, keysIn } from "./keyset-column.ts";

/** PostgreSQL: every value is read and sent as text, in the form in which PostgreSQL prints it. */
export const pgKeyset: KeysetSql = {
  read: (column) => sql`cast(${column} as text)`,
  compared: (column) => sql`${column}`,
  value: (column, value) =>
    typeof value === "string" && looksOf(column).test(value)
      ? sql`cast(cast(${value} as text) as ${typeName(column)})`
      : undefined,
  keys: (table) => (is(table, PgTable) ? keysIn(getTableConfig(table)) : []),
};

/**
 * How PostgreSQL prints values of a type. Values of other types are read by PostgreSQL itself, whose error ends the
 * transaction. No text has the character U+0000.
 */
const looks: readonly [types: RegExp, RegExp][] = [
  [/^(small|big)?(int(eger)?|serial)$/, /^-?\d{1,19}$/],
  [/^(numeric|decimal|real|double precision)( ?\([\d, ]+\))?$/, /^(-?Infinity|NaN|-?\d+(\.\d+)?(e[+-]?\d+)?)$/],
  [/^boolean$/, /^(true|false)$/],
  [/^uuid$/, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/],
  [/^bytea$/, /^\\x([\da-f]{2})*$/],
  [/^date$/, /^(-?infinity|\d{4,7}-\d\d-\d\d( BC)?)$/],
  [
    /^timestamp( ?\(\d\))?( with(out)? time zone)?$/,
    /^(-?infinity|\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?([+-]\d\d(:\d\d){0,2})?( BC)?)$/,
  ],
];
const ANY_TEXT = /^[^\0]*$/;

function looksOf(column: Column): RegExp {
  const type = column.getSQLType();
  return looks.find(([types]) => types.test(type))?.[1] ?? ANY_TEXT;
}

function typeName(column: Parameters<KeysetSql["read"]>[0]): SQL {
  if (is(column, PgEnumColumn)) {
    const { schema, enumName } = column.enum;
    return schema ? sql`${sql.identifier(schema)}.${sql.identifier(enumName)}` : sql`${sql.identifier(enumName)}`;
  }
  // A "serial" is an integer with a default, not a type that can be cast to.
  return sql.raw(column.getSQLType().replace(/^(big|small)?serial$/, "$1int"));
}
