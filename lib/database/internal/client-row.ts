import { DECIDES_NOTHING, type Dialect } from "../driver/driver.ts";
import { type InternalSql, internalSql, type TableSpec } from "./internal-sql.ts";

/** One row per client: the number of its last decided mutation, and the outcomes that it has not confirmed yet. */
export const clients: TableSpec = {
  name: "sessions",
  columns: { id: "key", identity: "text", last_decided: "integer", outcomes: "text", touched: "integer" },
  // Clients that have been idle for long are deleted.
  indexes: ["touched"],
};

const columns = Object.keys(clients.columns);

/**
 * The deciding statement of a commit (see `DatabaseConnection.commit`). It moves a client's row to the client's next
 * mutation; `$1`, `$2` … stand for the table's columns, so `$3` is the number of that mutation. It changes nothing
 * unless that mutation is the next one of this client and identity.
 */
export interface Advance {
  /** Creates what the statements need; run once per database. */
  readonly create: readonly string[];
  /** For mutation 1, which inserts the row. */
  readonly first: string;
  /** For later mutations. Leaves `touched` as it is, so no index is written. */
  readonly inPlace: string;
  /** For later mutations. Also sets `touched`. */
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
 * Calls a function in the database, for three reasons. First, the function fails when it decides nothing: COMMIT is
 * sent before its answer is known, and a failed statement makes COMMIT roll back. Second, its statement is planned once
 * per connection, which halves the time on PGlite. Third, it reads nothing. To PostgreSQL, a serializable transaction
 * that searches for a row has read everything on the way to it: a page of the index, or all of a small table. So the
 * mutations of two clients would conflict, because each changes what the other has read. `insert … on conflict do
 * update` reads nothing in that sense.
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
