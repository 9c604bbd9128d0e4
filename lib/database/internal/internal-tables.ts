import { innermostMessage, UnusableDatabaseError } from "../driver/database-errors.ts";
import type { DatabaseConnection, Dialect, Driver } from "../driver/driver.ts";
import { advance, clients } from "./client-row.ts";
import { inTransaction, withDatabaseLock } from "./database-lock.ts";
import { internalSql, type TableSpec } from "./internal-sql.ts";

/** Single facts by name: the version of these tables, the schema development brought the database to. */
const meta: TableSpec = { name: "meta", columns: { key: "key", value: "text" } };

/**
 * The framework's own tables, where neither the author's names nor drizzle-kit meet them. Each entry takes them from the
 * version before to the next; entries are added at the end, and never changed. They may run again after they were
 * stopped half way, so each leaves alone what is there.
 */
const versions: readonly ((dialect: Dialect) => readonly string[])[] = [
  (dialect) => [meta, clients].flatMap(internalSql[dialect].createOwn),
  (dialect) => advance[dialect].create,
];

/**
 * Brings the framework's tables to the version of this code. Does nothing when they are there; servers that start at
 * the same time wait for the one that does it.
 * @throws when the tables are newer than this code, or the user may not create or use them.
 */
export async function createInternalTables(driver: Driver): Promise<void> {
  const { rightToUse, rightToCreate } = internalSql[driver.dialect];
  const present = await inTransaction(driver, "read", presentVersion).catch((error: unknown) => {
    throw explained(driver, error, "read", rightToUse);
  });
  if (present === versions.length) return;
  await withDatabaseLock(driver, () => inTransaction(driver, "define", bringToNewest)).catch((error: unknown) => {
    throw explained(driver, error, "created", rightToCreate);
  });
}

/** What says itself what is wrong stays as it is, and so does a lost connection, which no right would help. */
function explained(driver: Driver, error: unknown, what: "read" | "created", right: string): unknown {
  if (error instanceof UnusableDatabaseError || driver.classify(error) !== "other") return error;
  return new UnusableDatabaseError(
    `The tables of convex-lite cannot be ${what} in ${driver.description}: ${innermostMessage(error)}. ${right}`,
    { cause: error },
  );
}

async function bringToNewest(connection: DatabaseConnection): Promise<void> {
  const present = await presentVersion(connection);
  for (const version of versions.slice(present)) {
    for (const statement of version(connection.dialect)) await connection.execute(statement);
  }
  await writeMeta(connection, "version", String(versions.length));
}

async function presentVersion(connection: DatabaseConnection): Promise<number> {
  const version = Number((await readMeta(connection, "version")) ?? 0);
  if (version <= versions.length) return version;
  throw new UnusableDatabaseError(
    `The tables of convex-lite in this database are of version ${version}, made by a later release; ` +
      `this release knows ${versions.length}. Update convex-lite.`,
  );
}

/** One fact of the table `meta`; undefined when it, or the table, is not there. */
export async function readMeta(connection: DatabaseConnection, key: string): Promise<string | undefined> {
  const { own, quoted, existing } = internalSql[connection.dialect];
  const { sql, params } = existing([own("meta")]);
  if ((await connection.execute(sql, params)).length === 0) return undefined;
  const select = `select value from ${own("meta")} where ${quoted("key")} = $1`;
  const [row] = await connection.execute(select, [key]);
  return row === undefined ? undefined : String(row.value);
}

export async function writeMeta(connection: DatabaseConnection, key: string, value: string): Promise<void> {
  const { own, put } = internalSql[connection.dialect];
  await connection.change(put(own("meta"), ["key", "value"]), [key, value]);
}
