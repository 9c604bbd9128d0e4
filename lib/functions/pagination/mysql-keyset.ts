import { type Column, is, type SQL, sql } from "drizzle-orm";
import { getTableConfig, MySqlTable } from "drizzle-orm/mysql-core";
import { type KeysetSql, keysIn } from "./keyset-column.ts";

/**
 * MySQL compares two values by both of their types (a text and an integer as floating point numbers), so each value from
 * a cursor is cast to its column's type. A text that is not of that type is refused here: MySQL would read it as 0 or null.
 */
export const mysqlKeyset: KeysetSql = {
  read: (column) => formOf(column).read(column),
  compared: (column) => formOf(column).compared?.(column) ?? sql`${column}`,
  value: (column, value) => {
    const form = formOf(column);
    return typeof value === "string" && form.looks.test(value) ? form.value(value, column.getSQLType()) : undefined;
  },
  keys: (table) => (is(table, MySqlTable) ? keysIn(getTableConfig(table)) : []),
};

/** A group of column types: how a value is read, compared, recognised and cast. */
interface Form {
  types: RegExp;
  read(column: Column): SQL;
  compared?(column: Column): SQL;
  looks: RegExp;
  value(text: string, type: string): SQL;
}

const printed = (column: Column): SQL => sql`cast(${column} as char)`;

const forms: readonly Form[] = [
  {
    types: /^(tinyint|smallint|mediumint|int|bigint|serial|boolean|year)\b/,
    read: printed,
    looks: /^-?\d{1,20}$/,
    value: (text, type) => sql`cast(${text} as ${sql.raw(/unsigned|serial/.test(type) ? "unsigned" : "signed")})`,
  },
  {
    types: /^(decimal|numeric)\b/,
    read: printed,
    looks: /^-?\d{1,65}(\.\d{1,30})?$/,
    value: (text, type) => sql`cast(${text} as ${sql.raw(type.replace(/^numeric/, "decimal").replace(/ .*/, ""))})`,
  },
  {
    // A `float` prints fewer digits than it has; as a `double` it prints all of them.
    types: /^(float|double|real)\b/,
    read: (column) => sql`cast(cast(${column} as double) as char)`,
    looks: /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i,
    value: (text) => sql`cast(${text} as double)`,
  },
  {
    types: /^(datetime|timestamp)\b/,
    read: printed,
    looks: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$/,
    value: (text) => sql`cast(${text} as datetime(6))`,
  },
  { types: /^date\b/, read: printed, looks: /^\d{4}-\d\d-\d\d$/, value: (text) => sql`cast(${text} as date)` },
  {
    types: /^time\b/,
    read: printed,
    looks: /^-?\d{2,3}:\d\d:\d\d(\.\d{1,6})?$/,
    value: (text) => sql`cast(${text} as time(6))`,
  },
  {
    // MySQL orders an enum by the index of its value and compares it by its text.
    types: /^enum\b/,
    read: (column) => sql`cast(${column} + 0 as char)`,
    compared: (column) => sql`${column} + 0`,
    looks: /^\d{1,5}$/,
    value: (text) => sql`cast(${text} as unsigned)`,
  },
  {
    types: /^(binary|varbinary|(tiny|medium|long)?blob)\b/,
    read: (column) => sql`hex(${column})`,
    looks: /^([\dA-F]{2})*$/,
    value: (text) => sql`unhex(${text})`,
  },
];

/** Text, compared as the column's own collation orders it. */
const asText: Form = { types: /^/, read: (column) => sql`${column}`, looks: /^/, value: (text) => sql`${text}` };

function formOf(column: Column): Form {
  const type = column.getSQLType().toLowerCase();
  return forms.find(({ types }) => types.test(type)) ?? asText;
}
