import Database, { type Database as Handle, type Statement } from "better-sqlite3";

/** The effect of a statement that returns no rows. */
export interface SqliteChange {
  changes: number;
  lastInsertRowid: number | bigint;
}

/**
 * The most statements that are kept prepared: more than the functions of an application have, but bounded, because SQL
 * that is generated may differ each time. SQLite prepares a kept statement again by itself when a table changes.
 */
const MOST_KEPT = 256;

/** One handle on a SQLite file. Synchronous: when a call returns, its statement has run. */
export class SqliteFile {
  readonly #handle: Handle;
  /** By text, about the least recently used first. */
  readonly #prepared = new Map<string, Prepared>();
  #isOpen = true;

  /** @param wait Milliseconds for which a statement may block the process while another process holds a lock. */
  constructor(path: string, { readonly, wait }: { readonly: boolean; wait: number }) {
    this.#handle = new Database(path, { readonly, timeout: wait });
    this.#handle.defaultSafeIntegers(true);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get inTransaction(): boolean {
    return this.#handle.inTransaction;
  }

  /** The rows as objects. `params` are the values of `?` in order, or those of `$1`, `$2` … by number. */
  rows(sql: string, params: Parameters = []): Record<string, unknown>[] {
    const prepared = this.#prepare(sql);
    if (!prepared.answersRows) {
      change(prepared, params);
      return [];
    }
    const rows = all(prepared, params, false) as Record<string, unknown>[];
    for (const row of rows) for (const column in row) row[column] = plain(row[column]);
    return rows;
  }

  /** The rows as arrays of their columns. */
  arrays(sql: string, params: Parameters = []): unknown[][] {
    const prepared = this.#prepare(sql);
    if (!prepared.answersRows) {
      change(prepared, params);
      return [];
    }
    const rows = all(prepared, params, true) as unknown[][];
    for (const row of rows) for (let i = 0; i < row.length; i++) row[i] = plain(row[i]);
    return rows;
  }

  change(sql: string, params: Parameters = []): SqliteChange {
    const prepared = this.#prepare(sql);
    if (!prepared.answersRows) return change(prepared, params);
    return { changes: all(prepared, params, true).length, lastInsertRowid: 0 };
  }

  /** Runs text that holds any number of statements. */
  script(sql: string): void {
    this.#handle.exec(sql);
  }

  close(): void {
    this.#isOpen = false;
    this.#prepared.clear();
    this.#handle.close();
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known) {
      // As long as there is room for as many again, none is dropped soon.
      if (this.#prepared.size > MOST_KEPT / 2) {
        this.#prepared.delete(sql);
        this.#prepared.set(sql, known);
      }
      return known;
    }
    const statement = this.#handle.prepare(sql);
    const prepared: Prepared = { statement, answersRows: statement.reader, asArrays: false };
    this.#prepared.set(sql, prepared);
    for (const [oldest] of this.#prepared) {
      if (this.#prepared.size <= MOST_KEPT) break;
      this.#prepared.delete(oldest);
    }
    return prepared;
  }
}

type Parameters = readonly unknown[] | Readonly<Record<string, unknown>>;

/** A statement, and what a call into SQLite would tell of it each time. */
interface Prepared {
  readonly statement: Statement;
  readonly answersRows: boolean;
  /** How its rows come now: as arrays, or as objects. */
  asArrays: boolean;
}

function change({ statement }: Prepared, params: Parameters): SqliteChange {
  const { changes, lastInsertRowid } = Array.isArray(params) ? statement.run(...params) : statement.run(params);
  return { changes, lastInsertRowid: plain(lastInsertRowid) as number | bigint };
}

function all(prepared: Prepared, params: Parameters, asArrays: boolean): unknown[] {
  const { statement } = prepared;
  if (prepared.asArrays !== asArrays) statement.raw(asArrays);
  prepared.asArrays = asArrays;
  return Array.isArray(params) ? statement.all(...params) : statement.all(params);
}

/** Integers come as bigints, so that none is rounded. Those in the safe range become numbers. */
function plain(value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}
