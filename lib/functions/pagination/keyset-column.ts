import type { Column, SQL, Table } from "drizzle-orm";

/**
 * How a column's value is read and compared in one dialect, so that a cursor names a row's place in an order. The
 * database compares rows, so a value has to come back exactly as it was read. JavaScript's own types do not keep it: a
 * `Date` has milliseconds where PostgreSQL has microseconds, and a number rounds 64 bits.
 */
export interface KeysetSql {
  /** Selects the value that a cursor holds. */
  read(column: Column): SQL;
  /** The expression that is compared: the column, unless the database orders it by something else. */
  compared(column: Column): SQL;
  /** A value from a cursor, as `read` gave it. Undefined when the column cannot hold such a value. */
  value(column: Column, value: unknown): SQL | undefined;
  /** The columns of each key and unique index of a table that has several columns. */
  keys(table: Table): readonly (readonly unknown[])[];
}

/** The keys in the result of Drizzle's `getTableConfig`, in every dialect. */
interface Keys {
  primaryKeys: readonly { columns: readonly unknown[] }[];
  uniqueConstraints: readonly { columns: readonly unknown[] }[];
  indexes: readonly { config: { columns: readonly unknown[]; unique?: boolean | undefined; where?: unknown } }[];
}

/** A unique index with a condition is left out: it makes only some rows unique. */
export function keysIn({ primaryKeys, uniqueConstraints, indexes }: Keys): (readonly unknown[])[] {
  const unique = indexes.filter(({ config }) => config.unique && !config.where).map(({ config }) => config);
  return [...primaryKeys, ...uniqueConstraints, ...unique].map(({ columns }) => columns);
}
