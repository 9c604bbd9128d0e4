import { DECIDES_NOTHING, type Dialect } from "../driver/driver.ts";
import { type InternalSql, internalSql, type TableSpec } from "./internal-sql.ts";

/** What a client has had decided, and the results it has not confirmed yet (ENGINE rule 4). */
export const clients: TableSpec = {
  name: "sessions",
  columns: { id: "key", identity: "text", last_decided: "integer", outcomes: "text", touched: "integer" },
  // Idle clients are looked for by age.
  indexes: ["touched"],
};

const columns = Object.keys(clients.columns);

/**
 * What a transaction is committed with (see `DatabaseConnection.commit`): takes a client's row to its next mutation, `$3`, with
 * `$1`, `$2` … standing for the table's columns. Where that mutation is not the next one of this client and identity it
 * decides nothing.
 */
export interface Advance {
  /** Makes what the statements need, once. */
  readonly create: readonly string[];
  /** For mutation 1, which makes the row. */
  readonly first: string;
  /** For every other. `touched` stays as it is: no index is written. */
  readonly inPlace: string;
  readonly touching: string;
}

export const advance: Readonly<Record<Dialect, Advance>> = {
  pg: advanceInPostgres(internalSql.pg),
  sqlite: advanceByUpdate(internalSql.sqlite),
  mysql: advanceByUpdate(internalSql.mysql),
};

function advanceByUpdate({ own, insertNew }: InternalSql): Advance {
  const updateOf = (set: string) =>
    `update ${own("sessions")} set ${set} where id = $1 and identity = $2 and last_decided = $3 - 1`;
  return {
    create: [],
    first: insertNew(own("sessions"), columns),
    inPlace: updateOf("last_decided = $3, outcomes = $4"),
    touching: updateOf("last_decided = $3, outcomes = $4, touched = $5"),
  };
}

/**
 * By a function of the database's, for three reasons. It fails when it decides nothing, as COMMIT is on its way before
 * its answer is. Its statement is planned once a connection: PGlite takes half as long. And it reads nothing: a
 * serializable transaction that looks for a row by a condition is taken to have read whatever it went by, a page of the
 * index or a small table whole, and two mutations of two clients conflict, as each has changed what the other is taken
 * to have read. To insert, and to change the row that is in the way, reads nothing in that sense.
 */
function advanceInPostgres({ own }: InternalSql): Advance {
  const table = own("sessions");
  const call = `select ${own("advance_session")}($1, $2, $3, $4, $5)`;
  return {
    create: [
      `create or replace function ${own("advance_session")}(text, text, bigint, text, bigint) returns void language plpgsql as $$
declare
  was_there boolean;
begin
  insert into ${table} as known (${columns.join(", ")}) values ($1, $2, $3, $4, $5)
    on conflict (id) do update
      set last_decided = excluded.last_decided, outcomes = excluded.outcomes, touched = excluded.touched
      where known.identity = excluded.identity and known.last_decided = excluded.last_decided - 1 and $3 > 1
    returning not (xmax = 0) into was_there;
  if was_there is distinct from ($3 > 1) then
    raise exception 'mutation % of this client is not the next one', $3 using errcode = '${DECIDES_NOTHING}';
  end if;
end $$`,
    ],
    first: call,
    inPlace: call,
    touching: call,
  };
}
