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
}

/** An outcome larger than this is not kept for a client that asks again; it learns that its mutation was decided. */
const MAX_KEPT_OUTCOME = 64 * 1024;

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

  /** Records that mutation `n` is decided. False when it is not the next one: then nothing was changed. */
  async advance(connection: Connection, id: string, n: number, next: SessionRecord, now: number): Promise<boolean> {
    const values = [id, next.identity, n, writeOutcomes(next.outcomes), now];
    const { insertFirst, updateNext } = statements[connection.dialect];
    return (await connection.change(n === 1 ? insertFirst : updateNext, values)) === 1;
  },

  /** Forgets sessions that nobody has used since `before` (milliseconds since 1970). */
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
  const select = `select id, identity, last_decided, outcomes from ${sessions}`;
  return {
    select,
    load: `${select} where id = $1${forUpdate}`,
    insertFirst: insertNew(sessions, ["id", "identity", "last_decided", "outcomes", "touched"]),
    updateNext: `update ${sessions} set last_decided = $3, outcomes = $4, touched = $5
      where id = $1 and identity = $2 and last_decided = $3 - 1`,
    prune: `delete from ${sessions} where touched < $1`,
  };
}

/** The record after mutation `n` was decided with this outcome. */
export function advanced(record: SessionRecord, n: number, outcome: string, confirmedUpTo: number): SessionRecord {
  const outcomes = new Map([...record.outcomes].filter(([number]) => number > confirmedUpTo));
  if (outcome.length <= MAX_KEPT_OUTCOME) outcomes.set(n, outcome);
  return { ...record, lastDecided: n, outcomes };
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
  };
}
