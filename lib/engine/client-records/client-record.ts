import type { DatabaseConnection, Dialect, Statement } from "../../database/driver/driver.ts";
import { advance, clients } from "../../database/internal/client-row.ts";
import { internalSql } from "../../database/internal/internal-sql.ts";
import { type Outcomes, withOutcome } from "./kept-outcomes.ts";

/** Which mutations of a client are decided: the proof that none of them runs twice. */
export interface Decided {
  /** The fingerprint of the identity it belongs to; "" for an anonymous one. */
  readonly identity: string;
  /** Every mutation up to this number has been decided: it has run and committed, or failed for good. */
  readonly lastDecided: number;
}

/** What is recorded of a client. */
export interface ClientRecord extends Decided {
  /** The last outcomes that the client has not confirmed yet. */
  readonly outcomes: Outcomes;
  /** When the row was last marked as in use, in milliseconds since 1970: up to an hour before the last mutation. */
  readonly touched: number;
}

/**
 * How often a row in use is marked so. Each time costs an entry in an index; in between a mutation changes no indexed
 * column of its client's row, which databases do in place.
 */
const TOUCH_EVERY = 3_600_000;

/**
 * Reads and writes the framework's `sessions` table, inside transactions that others have opened.
 *
 * `advance` is what makes a mutation happen once: a transaction is committed with it (see `DatabaseConnection.commit`), and it
 * changes the row only if `n` is next. The second transaction that tries changes nothing, and nothing of it is kept.
 */
export const clientRecords = {
  /** The record of one client, locked until the transaction ends, so that a commit under way is waited for. */
  async load(connection: DatabaseConnection, id: string): Promise<ClientRecord | undefined> {
    const rows = await connection.execute(statements[connection.dialect].load, [id]);
    return rows[0] && toRecord(rows[0]);
  },

  /**
   * Is mutation `n` decided? Waits for a transaction that is about to decide it, also for one that inserts the client's
   * row: `load` would see no row and have nothing to wait for. May write the row, so roll the transaction back.
   */
  async isDecided(connection: DatabaseConnection, id: string, number: number): Promise<boolean> {
    if (number > 1) return ((await clientRecords.load(connection, id))?.lastDecided ?? 0) >= number;
    return (await connection.change(statements[connection.dialect].insertNew, valuesOf(id, number, NOTHING))) === 0;
  },

  /** What is decided of several clients as this snapshot shows them. */
  async lookUp(connection: DatabaseConnection, ids: readonly string[]): Promise<Map<string, Decided>> {
    const { selectDecided } = statements[connection.dialect];
    const { sql, params } = internalSql[connection.dialect].among("id", ids);
    const rows = await connection.execute(`${selectDecided} where ${sql}`, params);
    return new Map(rows.map((row) => [String(row.id), toDecided(row)]));
  },

  /**
   * Records that mutation `n` is decided, if it is the next one: what a transaction is committed with.
   * @param touch Whether `next.touched` is news; for a first mutation it always is.
   */
  advance({ dialect }: DatabaseConnection, id: string, number: number, next: ClientRecord, touch = true): Statement {
    const { first, inPlace, touching } = advance[dialect];
    const others = touch ? touching : inPlace;
    return { sql: number === 1 ? first : others, params: valuesOf(id, number, next) };
  },

  /** Forgets these clients. */
  async forget(connection: DatabaseConnection, ids: readonly string[]): Promise<void> {
    const { sql, params } = internalSql[connection.dialect].among("id", ids);
    await connection.change(`${statements[connection.dialect].remove} where ${sql}`, params);
  },

  /** Forgets clients that were last marked as in use before this (milliseconds since 1970). */
  async prune(connection: DatabaseConnection, before: number): Promise<void> {
    await connection.change(`${statements[connection.dialect].remove} where touched < $1`, [before]);
  },
};

const statements: Readonly<Record<Dialect, ReturnType<typeof statementsIn>>> = {
  pg: statementsIn("pg"),
  sqlite: statementsIn("sqlite"),
  mysql: statementsIn("mysql"),
};

function statementsIn(dialect: Dialect) {
  const { own, forUpdate, insertNew } = internalSql[dialect];
  const columns = Object.keys(clients.columns);
  const select = `select ${columns.join(", ")} from ${own("sessions")}`;
  return {
    selectDecided: `select id, identity, last_decided from ${own("sessions")}`,
    load: `${select} where id = $1${forUpdate}`,
    insertNew: insertNew(own("sessions"), columns),
    remove: `delete from ${own("sessions")}`,
  };
}

/** In the order of the table's columns. */
function valuesOf(id: string, number: number, { identity, outcomes, touched }: ClientRecord): readonly unknown[] {
  return [id, identity, number, writeOutcomes(outcomes), touched];
}

/** Stands in a row that is inserted to find out whether one is there, and rolled back. */
const NOTHING: ClientRecord = { identity: "", lastDecided: 0, outcomes: new Map(), touched: 0 };

/** The record after mutation `n` was decided with this outcome. */
export function advanced(
  record: ClientRecord,
  number: number,
  outcome: string,
  confirmedUpTo: number,
  now: number,
): ClientRecord {
  const outcomes = withOutcome(record.outcomes, number, outcome, confirmedUpTo);
  const touched = now - record.touched < TOUCH_EVERY ? record.touched : now;
  return { ...record, lastDecided: number, outcomes, touched };
}

function writeOutcomes(outcomes: Outcomes): string {
  return `[${[...outcomes].map(([number, outcome]) => `[${number},${outcome}]`).join(",")}]`;
}

function toDecided(row: Record<string, unknown>): Decided {
  return { identity: String(row.identity), lastDecided: Number(row.last_decided) };
}

function toRecord(row: Record<string, unknown>): ClientRecord {
  const outcomes = JSON.parse(String(row.outcomes)) as [number, unknown][];
  return {
    ...toDecided(row),
    outcomes: new Map(outcomes.map(([number, outcome]) => [number, JSON.stringify(outcome)])),
    touched: Number(row.touched),
  };
}
