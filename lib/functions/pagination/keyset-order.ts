import { and, Column, is, or, SQL, StringChunk, sql, type Table } from "drizzle-orm";
import { hashText } from "../../values/hash.ts";
import { InvalidCursorError } from "./cursor.ts";
import type { KeysetSql } from "./keyset-column.ts";

/** A column, or `asc(column)`, or `desc(column)`. */
export type OrderTerm = Column | SQL;

/** One column of an order. */
interface Step {
  readonly column: Column;
  readonly direction: "asc" | "desc";
}

/** An order of rows in which each row has its own place. The database compares the rows: see `KeysetSql`. */
export class KeysetOrder {
  /** Another one for another order: a cursor of one order means nothing in another. */
  readonly fingerprint: string;
  readonly #steps: readonly Step[];
  readonly #place: KeysetSql;

  /** @throws {TypeError} when two rows could have the same place, or a row could have none. */
  static async by(terms: readonly OrderTerm[]): Promise<KeysetOrder> {
    const steps = terms.map(readTerm);
    return new KeysetOrder(steps, await placeOf(steps));
  }

  private constructor(steps: readonly Step[], place: KeysetSql) {
    this.#steps = steps;
    this.#place = place;
    for (const { column } of this.#steps) {
      if (!column.notNull) throw unfit(`"${column.name}" may be null; an order of pages needs columns that are not`);
    }
    const columns = steps.map(({ column }) => column);
    if (!columns.some((column) => column.primary || column.isUnique || isKey(place, column.table, columns))) {
      throw unfit(
        "its columns together are not unique, so rows could be lost between pages; add the primary key at the end",
      );
    }
    const terms = this.#steps.map(({ column, direction }) => `${column.name} ${column.getSQLType()} ${direction}`);
    this.fingerprint = (hashText(terms.join()) >>> 0).toString(36);
  }

  get size(): number {
    return this.#steps.length;
  }

  /** For `order by`. */
  terms(): SQL[] {
    return this.#steps.map(({ column, direction }) => sql`${column} ${sql.raw(direction)}`);
  }

  /** What a row is selected with, so that a cursor can name it: the exact values, by their index in the order. */
  values(): Record<string, SQL> {
    return Object.fromEntries(this.#steps.map(({ column }, i) => [i, this.#place.read(column)]));
  }

  /** Rows behind the one with these values. */
  after(values: readonly unknown[]): SQL | undefined {
    return this.#beyond(values, { asc: ">", desc: "<" }, false);
  }

  /** Rows up to and with the one with these values. */
  upTo(values: readonly unknown[]): SQL | undefined {
    return this.#beyond(values, { asc: "<", desc: ">" }, true);
  }

  /** The outer comparison of each step gives an index on the order's columns its start. */
  #beyond(
    values: readonly unknown[],
    operators: Record<Step["direction"], string>,
    inclusive: boolean,
    at = 0,
  ): SQL | undefined {
    const step = this.#steps[at];
    if (step === undefined) return undefined;
    const operator = operators[step.direction];
    const value = this.#place.value(step.column, values[at]);
    if (!value) throw new InvalidCursorError("holds values that the database cannot read");
    const compare = (by: string) => sql`${this.#place.compared(step.column)} ${sql.raw(by)} ${value}`;
    if (at === this.#steps.length - 1) return compare(inclusive ? `${operator}=` : operator);
    return and(compare(`${operator}=`), or(compare(operator), this.#beyond(values, operators, inclusive, at + 1)));
  }
}

/** `asc` and `desc` are `<column> asc` and `<column> desc` as SQL. */
function readTerm(term: OrderTerm): Step {
  if (is(term, Column)) return { column: term, direction: "asc" };
  const chunks = is(term, SQL) ? term.queryChunks : [];
  const column = chunks.find((chunk) => is(chunk, Column));
  const words = chunks
    .flatMap((chunk) => (is(chunk, StringChunk) ? chunk.value : []))
    .join("")
    .trim();
  if (column && chunks.length <= 3 && (words === "asc" || words === "desc")) return { column, direction: words };
  throw unfit("each part has to be a column of a table, asc(column) or desc(column)");
}

/**
 * The dialect, by Drizzle's name of the column's type. Drizzle's modules for the dialects are large: only the one is
 * imported that the author's schema has loaded already.
 */
async function placeOf([first]: readonly Step[]): Promise<KeysetSql> {
  const type = first?.column.columnType ?? "";
  if (type.startsWith("SQLite")) return (await import("./sqlite-keyset.ts")).sqliteKeyset;
  if (type.startsWith("MySql")) return (await import("./mysql-keyset.ts")).mysqlKeyset;
  return (await import("./pg-keyset.ts")).pgKeyset;
}

function isKey(place: KeysetSql, table: Table, columns: readonly Column[]): boolean {
  const names = new Set(columns.filter((column) => column.table === table).map(({ name }) => name));
  return place.keys(table).some((key) => key.every((column) => is(column, Column) && names.has(column.name)));
}

function unfit(problem: string): TypeError {
  return new TypeError(`paginate({ orderBy }): ${problem}.`);
}
