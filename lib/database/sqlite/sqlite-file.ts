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
  /** By text, the least recently used first. */
  readonly #prepared = new Map<string, Statement>();

  /** @param wait Milliseconds for which a statement may block the process while another process holds a lock. */
  constructor(path: string, { readonly, wait }: { readonly: boolean; wait: number }) {
    this.#handle = new Database(path, { readonly, timeout: wait });
    this.#handle.defaultSafeIntegers(true);
  }

  get isOpen(): boolean {
    return this.#handle.open;
  }

  get inTransaction(): boolean {
    return this.#handle.inTransaction;
  }

  /** The rows as objects. `params` are the values of `?` in order, or those of `$1`, `$2` … by number. */
  rows(sql: string, params: Parameters = []): Record<string, unknown>[] {
    const statement = this.#prepare(sql);
    if (!statement.reader) {
      this.#run(statement, params);
      return [];
    }
    const rows = all(statement.raw(false), params) as Record<string, unknown>[];
    for (const row of rows) for (const column in row) row[column] = plain(row[column]);
    return rows;
  }

  /** The rows as arrays of their columns. */
  arrays(sql: string, params: Parameters = []): unknown[][] {
    const statement = this.#prepare(sql);
    if (!statement.reader) {
      this.#run(statement, params);
      return [];
    }
    const rows = all(statement.raw(true), params) as unknown[][];
    for (const row of rows) for (let i = 0; i < row.length; i++) row[i] = plain(row[i]);
    return rows;
  }

  change(sql: string, params: Parameters = []): SqliteChange {
    const statement = this.#prepare(sql);
    if (!statement.reader) return this.#run(statement, params);
    return { changes: all(statement.raw(true), params).length, lastInsertRowid: 0 };
  }

  /** Runs text that holds any number of statements. */
  script(sql: string): void {
    this.#handle.exec(sql);
  }

  close(): void {
    this.#prepared.clear();
    this.#handle.close();
  }

  #run(statement: Statement, params: Parameters): SqliteChange {
    const { changes, lastInsertRowid } = Array.isArray(params) ? statement.run(...params) : statement.run(params);
    return { changes, lastInsertRowid: plain(lastInsertRowid) as number | bigint };
  }

  #prepare(sql: string): Statement {
    const known = this.#prepared.get(sql);
    if (known) {
      this.#prepared.delete(sql);
      this.#prepared.set(sql, known);
      return known;
    }
    const statement = this.#handle.prepare(sql);
    this.#prepared.set(sql, statement);
    for (const [oldest] of this.#prepared) {
      if (this.#prepared.size <= MOST_KEPT) break;
      this.#prepared.delete(oldest);
    }
    return statement;
  }
}

type Parameters = readonly unknown[] | Readonly<Record<string, unknown>>;

function all(statement: Statement, params: Parameters): unknown[] {
  return Array.isArray(params) ? statement.all(...params) : statement.all(params);
}

/** Integers come as bigints, so that none is rounded. Those in the safe range become numbers. */
function plain(value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}
