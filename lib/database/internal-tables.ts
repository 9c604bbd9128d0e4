import { alone, inTransaction } from "./alone.ts";
import type { Connection, Driver } from "./driver.ts";

/**
 * The framework's own tables, in a schema of their own, where neither the author's names nor drizzle-kit meet them. Each
 * entry takes the tables from the version before to the next; entries are added at the end, and never changed.
 *
 * sessions: what a client has had decided, and the results it has not confirmed yet (ENGINE rule 4).
 * meta: single facts by name: the version of these tables, the schema development brought the database to.
 */
const versions: readonly (readonly string[])[] = [
  [
    `create table convex_lite.sessions (
      id text primary key,
      identity text not null,
      last_decided bigint not null,
      outcomes text not null,
      touched bigint not null
    )`,
    // Idle sessions are looked for by age.
    "create index sessions_by_touched on convex_lite.sessions (touched)",
  ],
];

const metaTable = "create table if not exists convex_lite.meta (key text primary key, value text not null)";

/**
 * Brings the framework's tables to the version of this code. Does nothing when they are there; servers that start at
 * the same time wait for the one that does it.
 * @throws when the tables are newer than this code, or the user may not create them.
 */
export async function createInternalTables(driver: Driver): Promise<void> {
  if ((await inTransaction(driver, "read", presentVersion)) === versions.length) return;
  await alone(driver, () => inTransaction(driver, "write", bringToNewest)).catch((error: unknown) => {
    throw new Error(
      `The tables of convex-lite cannot be created in ${driver.description}. ` +
        'Its user needs the right to create a schema ("grant create on database …").',
      { cause: error },
    );
  });
}

async function bringToNewest(connection: Connection): Promise<void> {
  const present = await presentVersion(connection);
  await connection.execute("create schema if not exists convex_lite");
  await connection.execute(metaTable);
  for (const statements of versions.slice(present)) {
    for (const statement of statements) await connection.execute(statement);
  }
  await writeMeta(connection, "version", String(versions.length));
}

async function presentVersion(connection: Connection): Promise<number> {
  const version = Number((await readMeta(connection, "version")) ?? 0);
  if (version <= versions.length) return version;
  throw new Error(
    `The tables of convex-lite in this database are of version ${version}, made by a later release; ` +
      `this release knows ${versions.length}. Update convex-lite.`,
  );
}

/** One fact of `convex_lite.meta`; undefined when it, or the table, is not there. */
export async function readMeta(connection: Connection, key: string): Promise<string | undefined> {
  const [present] = await connection.execute("select to_regclass('convex_lite.meta') is not null as yes");
  if (present?.yes !== true) return undefined;
  const [row] = await connection.execute("select value from convex_lite.meta where key = $1", [key]);
  return row === undefined ? undefined : String(row.value);
}

export async function writeMeta(connection: Connection, key: string, value: string): Promise<void> {
  await connection.execute(
    "insert into convex_lite.meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value",
    [key, value],
  );
}
