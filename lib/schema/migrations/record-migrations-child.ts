/**
 * The child process that `drizzle.config.ts` waits for before `drizzle-kit migrate`. It records the migrations whose
 * changes development has made already. A process, because a configuration must be synchronous and reading a database
 * is not.
 */
import { readFileSync } from "node:fs";
import type { Driver } from "../../database/driver/driver.ts";
import { openDriver } from "../../database/open-database.ts";
import { recordWhatDevelopmentMade } from "./development-migrations.ts";

/** Where the database is, by one of three fields, and the folder of the migrations. */
export interface RecordRequest {
  url?: string;
  /** The directory of the embedded PostgreSQL, which no process has open. */
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
