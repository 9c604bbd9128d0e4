import type { Driver } from "../database/driver/driver.ts";
import { inTransaction } from "../database/internal/database-lock.ts";

/**
 * Describes all that has been defined in a PostgreSQL database: equal texts, equal definitions. `xmin` is the
 * transaction that wrote a row of a catalogue; what initialising the database has defined has lower numbers than 16384.
 */
export async function definitionsIn(driver: Driver): Promise<string> {
  const rows = catalogues.map(
    (name) => `select '${name} ' || oid || ' ' || xmin as row from ${name} where oid >= 16384`,
  );
  const columns =
    "select 'column ' || attrelid || ' ' || attnum || ' ' || xmin from pg_attribute where attrelid >= 16384";
  const settings = "select 'settings ' || setdatabase || ' ' || setrole || ' ' || xmin from pg_db_role_setting";
  const all = [...rows, columns, settings].join(" union all ");
  const [found] = await inTransaction(driver, "read", (connection) =>
    connection.execute(`select md5(string_agg(row, ',' order by row)) as definitions from (${all}) as defined`),
  );
  return String(found?.definitions);
}

const catalogues = [
  ...["pg_class", "pg_namespace", "pg_type", "pg_enum", "pg_proc", "pg_trigger", "pg_attrdef", "pg_constraint"],
  ...["pg_rewrite", "pg_policy", "pg_statistic_ext", "pg_extension", "pg_authid", "pg_largeobject_metadata"],
];

/**
 * Empties a PostgreSQL database: no rows in any table, and all sequences at their start. The framework keeps the version
 * of its tables, and the secret. To delete rows is ten times faster than to make the tables anew, and than to truncate
 * them, as long as there are few rows.
 */
export async function emptyDatabase(driver: Driver): Promise<void> {
  await inTransaction(driver, "write", async (connection) => {
    await connection.execute(empty);
  });
}

/** Foreign keys and triggers do not act while `session_replication_role` is `replica`. */
const empty = `
set local session_replication_role = replica;
do $$
declare
  filled record;
begin
  for filled in
    select oid::regclass as name, pg_relation_size(oid) as bytes from pg_class
    where oid >= 16384 and relkind = 'r' and relpersistence <> 't' and pg_relation_size(oid) > 0
      and oid <> 'convex_lite.meta'::regclass
  loop
    if filled.bytes > 1000000 then
      execute format('truncate %s cascade', filled.name);
    else
      execute format('delete from %s', filled.name);
    end if;
  end loop;
  perform setval(seqrelid, seqstart, false) from pg_sequence;
end $$;
`;
