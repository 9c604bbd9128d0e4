import { join } from "node:path";
import type { Log } from "../environment/environment.ts";
import type { Driver } from "./driver.ts";
import { UnusableDatabaseError } from "./failure.ts";
import { createInternalTables } from "./internal-tables.ts";
import { dialectOf, type SchemaDialect } from "./schema-dialect.ts";

export interface DatabaseOptions {
  /** `DATABASE_URL`: `postgres://…` or `postgresql://…`. Undefined or empty: the embedded database. */
  url?: string | undefined;
  /** Where the embedded database lives, usually `.convex` in the project. Made when absent. */
  directory: string;
  /** The exports of `convex/schema.ts`. Their dialect must be the database's. */
  schema: Record<string, unknown>;
  log: Log;
}

/**
 * Opens the database an application runs on, with the framework's own tables in it.
 * @throws {UnusableDatabaseError} that says what is wrong and what to do; it never holds the password.
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

/** Drivers are imported when they are needed: an application loads no other than its own. */
async function openDriver({ url, directory, schema, log }: DatabaseOptions): Promise<Driver> {
  const dialect = dialectOf(schema);
  const scheme = url === undefined ? undefined : schemeOf(url);
  if (dialect !== "pg") throw new UnusableDatabaseError(wrongDialect(dialect, scheme));
  if (url === undefined) {
    const { openPglite } = await import("./pglite.ts");
    return openPglite({ directory: embeddedDirectory(directory), schema, log });
  }
  if (scheme !== "postgres" && scheme !== "postgresql") throw new UnusableDatabaseError(unknownScheme(scheme));
  const { openPostgres } = await import("./postgres.ts");
  return openPostgres({ url, schema, log });
}

/** The data directory of the embedded database; its lock and its socket lie beside it. */
export function embeddedDirectory(directory: string): string {
  return join(directory, "pglite");
}

/** Undefined when it is no address at all. The address itself is never shown: it may hold a password. */
function schemeOf(url: string): string {
  return /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? "";
}

function unknownScheme(scheme: string | undefined): string {
  const found = scheme ? `an address that begins with "${scheme}:"` : "something that is not an address";
  return (
    `DATABASE_URL is expected to be like postgres://user:password@host:5432/database. Found: ${found}. ` +
    "Leave it out to use the embedded database."
  );
}

function wrongDialect(dialect: Exclude<SchemaDialect, "pg">, scheme: string | undefined): string {
  const of = {
    sqlite: "SQLite (drizzle-orm/sqlite-core)",
    mysql: "MySQL (drizzle-orm/mysql-core)",
    mixed: "more than one database",
  };
  const database =
    scheme === undefined ? "the embedded PostgreSQL, as DATABASE_URL is not set" : `at DATABASE_URL (${scheme}:)`;
  return (
    `The tables in convex/schema.ts are of ${of[dialect]}, but the database is ${database}. ` +
    "Define them with pgTable from drizzle-orm/pg-core."
  );
}
