import type { Column, SQL, Table } from "drizzle-orm";

/**
 * How the values of a column name a place in an order of rows, in one dialect. Rows are compared by the database, with
 * what the database holds: what is read has to come back as the very same value, which JavaScript's own types cannot
 * promise (a `Date` knows milliseconds where PostgreSQL keeps microseconds, a number rounds 64 bits).
 */
export interface KeysetSql {
  /** What a row is selected with, for a cursor to hold. */
  read(column: Column): SQL;
  /** What is compared: the column, unless it is compared otherwise than it is ordered. */
  compared(column: Column): SQL;
  /** A value from a cursor, as it was read. Undefined when the column can hold no such value. */
  value(column: Column, value: unknown): SQL | undefined;
  /** The columns of each key and unique index of a table, but for those of one column. */
  keys(table: Table): readonly (readonly unknown[])[];
}

/** What drizzle's `getTableConfig` says of keys, in every dialect. */
interface Keys {
  primaryKeys: readonly { columns: readonly unknown[] }[];
  uniqueConstraints: readonly { columns: readonly unknown[] }[];
  indexes: readonly { config: { columns: readonly unknown[]; unique?: boolean | undefined; where?: unknown } }[];
}

/** An index over some rows only makes nothing unique. */
export function keysIn({ primaryKeys, uniqueConstraints, indexes }: Keys): (readonly unknown[])[] {
  const unique = indexes.filter(({ config }) => config.unique && !config.where).map(({ config }) => config);
  return [...primaryKeys, ...uniqueConstraints, ...unique].map(({ columns }) => columns);
}
