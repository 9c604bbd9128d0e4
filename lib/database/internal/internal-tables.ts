import { randomBytes } from "node:crypto";
import { innermostMessage, UnusableDatabaseError } from "../driver/database-errors.ts";
import type { DatabaseConnection, Dialect, Driver } from "../driver/driver.ts";
import { advance, clients } from "./client-row.ts";
import { inTransaction, withDatabaseLock } from "./database-lock.ts";
import { internalSql, type TableSpec } from "./internal-sql.ts";

/** Values by name: the version of these tables, the schema that development last pushed. */
const meta: TableSpec = { name: "meta", columns: { key: "key", value: "text" } };

/**
 * The versions of the framework's own tables. Each entry leads from the version before it to the next. Entries are
 * added at the end and never changed. A process may end in the middle of an entry, which then runs again, so each
 * statement leaves existing tables alone.
 */
const versions: readonly ((dialect: Dialect) => readonly string[])[] = [
  (dialect) => [meta, clients].flatMap(internalSql[dialect].createOwn),
  (dialect) => advance[dialect].create,
  (dialect) => [createSecret(dialect)],
];

/**
 * Creates the framework's tables, or upgrades them to the version of this code. Of servers that start at the same time,
 * one does it and the others wait.
 * @throws {UnusableDatabaseError} when the tables are newer than this code, or the user may not create or use them.
 */
export async function createInternalTables(driver: Driver): Promise<void> {
  const { rightToUse, rightToCreate } = internalSql[driver.dialect];
  const look = () =>
    inTransaction(driver, "read", presentState).catch((error: unknown) => {
      throw explained(driver, error, "read", rightToUse);
    });
  let present = await look();
  if (present.version < versions.length) {
    await withDatabaseLock(driver, () => inTransaction(driver, "define", bringToNewest)).catch((error: unknown) => {
      throw explained(driver, error, "created", rightToCreate);
    });
    present = await look();
  }
  driver.secret = present.secret ?? "";
}

async function presentState(connection: DatabaseConnection): Promise<{ version: number; secret: string | undefined }> {
  return { version: await presentVersion(connection), secret: await readMeta(connection, "secret") };
}

/** Servers sign with it what a client sends back. It is made once for each database; 256 random bits. */
function createSecret(dialect: Dialect): string {
  const { own, insertNew } = internalSql[dialect];
  const secret = randomBytes(32).toString("hex");
  return insertNew(own("meta"), ["key", "value"]).replace("$1", "'secret'").replace("$2", `'${secret}'`);
}

/** Adds the missing right to an error, unless the error explains itself or is one that no right would prevent. */
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

/** A value of the table `meta`; undefined when the value or the table does not exist. */
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
