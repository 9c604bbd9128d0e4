import { dialects } from "../database/dialects.ts";
import type { Connection, Dialect } from "../database/driver.ts";

/** What is recorded of a client session: the proof that none of its mutations runs twice. */
export interface SessionRecord {
  /** The fingerprint of the identity it belongs to; "" for nobody. */
  readonly identity: string;
  /** Every mutation up to this number has been decided: it has run and committed, or failed for good. */
  readonly lastDecided: number;
  /** The outcomes that the client has not confirmed yet, by number: `{"ok":true,"value":…}` as text. */
  readonly outcomes: ReadonlyMap<number, string>;
  /** When the row was last marked as in use, in milliseconds since 1970: up to an hour before the last mutation. */
  readonly touched: number;
}

/** An outcome larger than this is not kept for a client that asks again; it learns that its mutation was decided. */
const MAX_KEPT_OUTCOME = 64 * 1024;
/**
 * How often a row in use is marked so. Each time costs an entry in an index; in between a mutation changes no indexed
 * column of its session's row, which databases do in place.
 */
const TOUCH_EVERY = 3_600_000;

/**
 * Reads and writes the framework's `sessions` table, inside transactions that others have opened.
 *
 * `advance` is what makes a mutation happen once: it changes the row only if `n` is next, in the mutation's own
 * transaction. Whoever comes second changes nothing, finds out, and rolls back.
 */
export const sessionRecords = {
  /** The record of one session, locked until the transaction ends, so that a commit under way is waited for. */
  async load(connection: Connection, id: string): Promise<SessionRecord | undefined> {
    const rows = await connection.execute(statements[connection.dialect].load, [id]);
    return rows[0] && toRecord(rows[0]);
  },

  /**
   * Is mutation `n` decided? Waits for a transaction that is about to decide it, also for one that inserts the session's
   * row: `load` would see no row and have nothing to wait for. May write the row, so roll the transaction back.
   */
  async isDecided(connection: Connection, id: string, n: number): Promise<boolean> {
    if (n > 1) return ((await sessionRecords.load(connection, id))?.lastDecided ?? 0) >= n;
    return (await connection.change(statements[connection.dialect].insertFirst, [id, "", n, "[]", 0])) === 0;
  },

  /** The records of several sessions as this snapshot shows them. */
  async lookUp(connection: Connection, ids: readonly string[]): Promise<Map<string, SessionRecord>> {
    const { select } = statements[connection.dialect];
    const { sql, params } = dialects[connection.dialect].among("id", ids);
    const rows = await connection.execute(`${select} where ${sql}`, params);
    return new Map(rows.map((row) => [String(row.id), toRecord(row)]));
  },

  /**
   * Records that mutation `n` is decided. False when it is not the next one: then nothing was changed.
   * @param touch Whether `next.touched` is news; for a first mutation it always is.
   */
  async advance(connection: Connection, id: string, n: number, next: SessionRecord, touch = true): Promise<boolean> {
    const values = [id, next.identity, n, writeOutcomes(next.outcomes), next.touched];
    const { insertFirst, update, put } = statements[connection.dialect];
    if (n === 1) return (await connection.change(insertFirst, values)) === 1;
    if (!put) return (await connection.change(touch ? update.touching : update.inPlace, values)) === 1;
    const [row] = await connection.execute(touch ? put.touching : put.inPlace, values);
    if (row?.inserted === true) await connection.change(statements[connection.dialect].remove, [id]);
    return row?.inserted === false;
  },

  /** Forgets sessions that were last marked as in use before this (milliseconds since 1970). */
  async prune(connection: Connection, before: number): Promise<void> {
    await connection.change(statements[connection.dialect].prune, [before]);
  },
};

const statements: Readonly<Record<Dialect, ReturnType<typeof statementsIn>>> = {
  pg: statementsIn("pg"),
  sqlite: statementsIn("sqlite"),
  mysql: statementsIn("mysql"),
};

function statementsIn(dialect: Dialect) {
  const { own, forUpdate, insertNew } = dialects[dialect];
  const sessions = own("sessions");
  const columns = ["id", "identity", "last_decided", "outcomes", "touched"];
  const select = `select ${columns.join(", ")} from ${sessions}`;
  const updateOf = (set: string) =>
    `update ${sessions} set ${set} where id = $1 and identity = $2 and last_decided = $3 - 1`;
  return {
    select,
    load: `${select} where id = $1${forUpdate}`,
    insertFirst: insertNew(sessions, columns),
    update: {
      inPlace: updateOf("last_decided = $3, outcomes = $4"),
      touching: updateOf("last_decided = $3, outcomes = $4, touched = $5"),
    },
    put: dialect === "pg" ? putsInPostgres(sessions, columns) : undefined,
    remove: `delete from ${sessions} where id = $1`,
    prune: `delete from ${sessions} where touched < $1`,
  };
}

/**
 * The same as `update`, without a read that PostgreSQL would remember. A serializable transaction that looks for a row
 * by a condition is taken to have read whatever it went by: a page of the index, or a small table whole. Two mutations
 * of two sessions then conflict, as each has changed what the other is taken to have read. To insert, and to change the
 * row that is in the way, reads nothing in that sense. Answers whether there was none in the way after all.
 */
function putsInPostgres(sessions: string, columns: readonly string[]) {
  const putOf = (...set: string[]) => `insert into ${sessions} as known (${columns.join(", ")})
    values (${columns.map((_, i) => `$${i + 1}`).join(", ")})
    on conflict (id) do update set ${set.map((column) => `${column} = excluded.${column}`).join(", ")}
    where known.identity = excluded.identity and known.last_decided = excluded.last_decided - 1
    returning (xmax = 0) as inserted`;
  return {
    inPlace: putOf("last_decided", "outcomes"),
    touching: putOf("last_decided", "outcomes", "touched"),
  };
}

/** The record after mutation `n` was decided with this outcome. */
export function advanced(
  record: SessionRecord,
  n: number,
  outcome: string,
  confirmedUpTo: number,
  now: number,
): SessionRecord {
  const outcomes = new Map([...record.outcomes].filter(([number]) => number > confirmedUpTo));
  if (outcome.length <= MAX_KEPT_OUTCOME) outcomes.set(n, outcome);
  const touched = now - record.touched < TOUCH_EVERY ? record.touched : now;
  return { ...record, lastDecided: n, outcomes, touched };
}

function writeOutcomes(outcomes: ReadonlyMap<number, string>): string {
  return `[${[...outcomes].map(([n, outcome]) => `[${n},${outcome}]`).join(",")}]`;
}

function toRecord(row: Record<string, unknown>): SessionRecord {
  const outcomes = JSON.parse(String(row.outcomes)) as [number, unknown][];
  return {
    identity: String(row.identity),
    lastDecided: Number(row.last_decided),
    outcomes: new Map(outcomes.map(([n, outcome]) => [n, JSON.stringify(outcome)])),
    touched: Number(row.touched),
  };
}
