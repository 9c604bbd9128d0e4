import { and, Column, is, or, SQL, StringChunk, sql, type Table } from "drizzle-orm";
import { getTableConfig, PgColumn, PgEnumColumn, PgTable } from "drizzle-orm/pg-core";
import { hashText } from "../values/hash.ts";

/** A column, or `asc(column)`, or `desc(column)`. */
export type OrderTerm = Column | SQL;

/** One column of an order. */
interface Step {
  readonly column: PgColumn;
  readonly direction: "asc" | "desc";
}

/**
 * An order of rows in which each has its own place. Rows are compared by the database, with what the database holds: a
 * value on its way out and back in is text, because a JavaScript `Date` knows milliseconds where PostgreSQL keeps
 * microseconds, and a row would be skipped or come twice for the difference.
 */
export class RowOrder {
  /** Changes whenever cursors made before mean nothing any more. */
  readonly fingerprint: string;
  readonly #steps: readonly Step[];

  /** @throws {TypeError} when two rows could have the same place, or a row none. */
  constructor(terms: readonly OrderTerm[]) {
    this.#steps = terms.map(readTerm);
    for (const { column } of this.#steps) {
      if (!column.notNull) throw unfit(`"${column.name}" may be null; an order of pages needs columns that are not`);
    }
    if (!isUnique(this.#steps.map(({ column }) => column))) {
      throw unfit(
        "its columns together are not unique, so rows could be lost between pages; add the primary key at the end",
      );
    }
    this.fingerprint = hashText(
      this.#steps.map(({ column, direction }) => `${column.name} ${column.getSQLType()} ${direction}`).join(),
    );
  }

  get size(): number {
    return this.#steps.length;
  }

  /** For `order by`. */
  terms(): SQL[] {
    return this.#steps.map(({ column, direction }) => sql`${column} ${sql.raw(direction)}`);
  }

  /** What a row has to be selected with, for a cursor to name it: exact, by place in the order. */
  values(): Record<string, SQL> {
    return Object.fromEntries(this.#steps.map(({ column }, i) => [i, sql`cast(${column} as text)`]));
  }

  /** Rows behind the one with these values. */
  after(values: readonly unknown[]): SQL | undefined {
    return this.#beyond(values, { asc: ">", desc: "<" }, false);
  }

  /** Rows up to and with the one with these values. */
  upTo(values: readonly unknown[]): SQL | undefined {
    return this.#beyond(values, { asc: "<", desc: ">" }, true);
  }

  /** The outer comparison of each step is there for an index on the order's columns to begin at. */
  #beyond(
    values: readonly unknown[],
    operators: Record<Step["direction"], string>,
    inclusive: boolean,
    at = 0,
  ): SQL | undefined {
    const step = this.#steps[at];
    if (step === undefined) return undefined;
    const operator = operators[step.direction];
    const compare = (by: string) => sql`${step.column} ${sql.raw(by)} ${exact(step.column, values[at])}`;
    if (at === this.#steps.length - 1) return compare(inclusive ? `${operator}=` : operator);
    return and(compare(`${operator}=`), or(compare(operator), this.#beyond(values, operators, inclusive, at + 1)));
  }
}

/** `asc` and `desc` are `<column> asc` and `<column> desc` as SQL. */
function readTerm(term: OrderTerm): Step {
  if (is(term, PgColumn)) return { column: term, direction: "asc" };
  const chunks = is(term, SQL) ? term.queryChunks : [];
  const column = chunks.find((chunk) => is(chunk, PgColumn));
  const words = chunks
    .flatMap((chunk) => (is(chunk, StringChunk) ? chunk.value : []))
    .join("")
    .trim();
  if (column && chunks.length <= 3 && (words === "asc" || words === "desc")) return { column, direction: words };
  throw unfit("each part has to be a column of a PostgreSQL table, asc(column) or desc(column)");
}

/** The value of a column as the database once printed it, for the database to read. */
function exact(column: PgColumn, value: unknown): SQL {
  return sql`cast(cast(${value} as text) as ${typeName(column)})`;
}

function typeName(column: PgColumn): SQL {
  if (is(column, PgEnumColumn)) {
    const { schema, enumName } = column.enum;
    return schema ? sql`${sql.identifier(schema)}.${sql.identifier(enumName)}` : sql`${sql.identifier(enumName)}`;
  }
  // A "serial" is an integer with a default: there is no such type to cast to.
  return sql.raw(column.getSQLType().replace(/^(big|small)?serial$/, "$1int"));
}

function isUnique(columns: readonly PgColumn[]): boolean {
  return columns.some((column) => column.primary || column.isUnique || isKey(column.table, columns));
}

function isKey(table: Table, columns: readonly PgColumn[]): boolean {
  if (!is(table, PgTable)) return false;
  const { primaryKeys, uniqueConstraints, indexes } = getTableConfig(table);
  const uniqueIndexes = indexes.filter(({ config }) => config.unique && !config.where).map(({ config }) => config);
  const names = new Set(columns.filter((column) => column.table === table).map(({ name }) => name));
  return [...primaryKeys, ...uniqueConstraints, ...uniqueIndexes].some((key) =>
    key.columns.every((column) => is(column, Column) && names.has(column.name)),
  );
}

function unfit(problem: string): TypeError {
  return new TypeError(`paginate({ orderBy }): ${problem}.`);
}
