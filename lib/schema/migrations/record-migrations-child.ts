/**
 * The process that `drizzle.config.ts` waits for before `drizzle-kit migrate`: it may ask nothing that takes a promise, and
 * looking at a database does. It records the migrations whose schema development has made already.
 */
import { readFileSync } from "node:fs";
import type { Driver } from "../../database/driver/driver.ts";
import { openDriver } from "../../database/open-database.ts";
import { recordWhatDevelopmentMade } from "./development-migrations.ts";

/** Where the database is, by one of the three, and the folder of the migrations. */
export interface RecordRequest {
  url?: string;
  /** Of the embedded PostgreSQL, which nobody has open. */
  pglite?: string;
  /** A SQLite file, which a server may have open. */
  sqlite?: string;
  migrations: string;
}

const log = { info() {}, warn() {}, error() {} };

try {
  const { migrations, ...where } = JSON.parse(readFileSync(process.stdin.fd, "utf8")) as RecordRequest;
  const driver = await open(where);
  try {
    await recordWhatDevelopmentMade(driver, migrations);
  } finally {
    await driver.close();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function open({ url, pglite, sqlite }: Omit<RecordRequest, "migrations">): Promise<Driver> {
  if (pglite !== undefined)
    return (await import("../../database/pglite/pglite-driver.ts")).openPglite({ directory: pglite, schema: {}, log });
  if (sqlite !== undefined) {
    return (await import("../../database/sqlite/sqlite-driver.ts")).openSqlite({
      file: sqlite,
      besideServer: true,
      schema: {},
      log,
    });
  }
  return openDriver({ url, directory: "", schema: {}, log });
}
