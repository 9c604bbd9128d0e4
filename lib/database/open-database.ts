import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../environment/environment.ts";
import { innermostMessage, UnusableDatabaseError } from "./driver/database-errors.ts";
import { type DatabaseUrl, examples, fileOf, parseDatabaseUrl, requireDatabase } from "./driver/database-url.ts";
import type { Dialect, Driver } from "./driver/driver.ts";
import { dialectOf, type SchemaDialect } from "./driver/schema-dialect.ts";
import { createInternalTables } from "./internal/internal-tables.ts";
import { loadDriver } from "./load-driver.ts";

/** What `openDatabase` takes. */
export interface DatabaseOptions {
  /** `DATABASE_URL`: `postgres://…`, `mysql://…` or `file:…`. Undefined or empty: the embedded database. */
  url?: string | undefined;
  /** The directory of the embedded database, usually `.convex` in the project. Created when absent. */
  directory: string;
  /** The exports of `convex/schema.ts`. Their dialect must be the database's. */
  schema: Record<string, unknown>;
  /** Receives warnings about the database and its connections. */
  log: Log;
}

/**
 * Opens the database of an application, and creates the framework's own tables in it.
 * @returns the open database; close it at the end.
 * @throws {UnusableDatabaseError} that says what is wrong and what to do. The message never holds the password.
 * @example
 * const database = await openDatabase({ url: settings.databaseUrl, directory: ".convex", schema: loaded.schema, log });
 */
export async function openDatabase(options: DatabaseOptions): Promise<Driver> {
  const driver = await openDriver({ ...options, url: options.url?.trim() || undefined });
  try {
    await createInternalTables(driver);
    return driver;
  } catch (error) {
    await driver.close();
    throw error;
  }
}

/**
 * Opens the database, without the framework's tables. Imports only the driver that the address asks for.
 * @throws {UnusableDatabaseError} that says what is wrong and what to do.
 */
export async function openDriver({ url, directory, schema, log }: DatabaseOptions): Promise<Driver> {
  if (url === undefined) return openEmbedded(dialectOf(schema), { directory, schema, log });
  const address = parseDatabaseUrl(url);
  const dialect = dialectOf(schema, address.dialect);
  if (dialect === "mixed") throw new UnusableDatabaseError(mixed);
  if (address.dialect !== dialect) throw new UnusableDatabaseError(mismatch(dialect, address));
  if (dialect === "pg") requireDatabase(url);
  switch (address.driver) {
    case "pg":
      return (await loadDriver("postgres", () => import("./postgres/postgres.ts"))).openPostgres({
        url: address.url,
        schema,
        log,
      });
    case "neon":
      return (await loadDriver("neon", () => import("./postgres/neon.ts"))).openNeon({
        url,
        schema,
        log,
      });
    case "mysql2":
      return (await loadDriver("mysql", () => import("./mysql/mysql-driver.ts"))).openMysql({ url, schema, log });
    case "better-sqlite3": {
      const { openSqlite } = await loadDriver("sqlite", () => import("./sqlite/sqlite-driver.ts"));
      return openSqlite({ file: fileOf(url), schema, log });
    }
  }
}

/** Options of the embedded databases. */
export interface EmbeddedOptions extends Omit<DatabaseOptions, "url"> {
  connectTimeoutMs?: number;
  answerTimeoutMs?: number;
  holdsProcess?: boolean;
}

/**
 * Opens the embedded database, which only this process uses, without the framework's tables.
 * @throws {UnusableDatabaseError} for a dialect without an embedded database.
 */
export async function openEmbedded(
  dialect: SchemaDialect,
  { directory, ...options }: EmbeddedOptions,
): Promise<Driver> {
  if (dialect === "mixed") throw new UnusableDatabaseError(mixed);
  if (dialect === "mysql") throw new UnusableDatabaseError(noEmbeddedMysql);
  if (dialect === "pg") {
    const { openPglite } = await loadDriver("pglite", () => {
      // Its worker imports it, when the database is opened.
      import.meta.resolve("@electric-sql/pglite");
      return import("./pglite/pglite-driver.ts");
    });
    return openPglite({ ...options, directory: embeddedDirectory(directory) });
  }
  const { openSqlite } = await loadDriver("sqlite", () => import("./sqlite/sqlite-driver.ts"));
  makeDirectory(directory);
  return openSqlite({ ...options, file: embeddedFile(directory) });
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw new UnusableDatabaseError(
      `The directory of the embedded database, ${directory}, cannot be created (${innermostMessage(error)}). May this user write there?`,
      { cause: error },
    );
  }
}

/** The data directory of the embedded PostgreSQL. Its lock and its socket are beside it. */
export function embeddedDirectory(directory: string): string {
  return join(directory, "pglite");
}

/** The file of the embedded SQLite. */
export function embeddedFile(directory: string): string {
  return join(directory, "database.sqlite");
}

const made: Record<Dialect, string> = {
  pg: "PostgreSQL (drizzle-orm/pg-core)",
  sqlite: "SQLite (drizzle-orm/sqlite-core)",
  mysql: "MySQL (drizzle-orm/mysql-core)",
};

const mixed =
  "The tables in convex/schema.ts are of more than one database, and an application has one. Define all of them with " +
  "pgTable, all with sqliteTable, or all with mysqlTable.";

const noEmbeddedMysql =
  `The tables in convex/schema.ts are of ${made.mysql}, which cannot be embedded, and DATABASE_URL is not set. ` +
  `Set it to a server, like ${examples.mysql}, or define the tables with pgTable or sqliteTable.`;

function mismatch(dialect: Dialect, { scheme, dialect: found }: DatabaseUrl): string {
  const embedded = dialect === "mysql" ? "" : ", leave it out to use the embedded database";
  return (
    `The tables in convex/schema.ts are of ${made[dialect]}, but DATABASE_URL (${scheme}:) is for ${made[found]}. ` +
    `Set it to an address like ${examples[dialect]}${embedded}, or define the tables for ${made[found]}.`
  );
}
