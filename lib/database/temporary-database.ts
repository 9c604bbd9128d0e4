import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../environment/environment.ts";
import type { Driver } from "./driver/driver.ts";
import { dialectOf } from "./driver/schema-dialect.ts";
import { createInternalTables } from "./internal/internal-tables.ts";
import { openEmbedded } from "./open-database.ts";
import type { PgliteOptions } from "./pglite/pglite-driver.ts";

const silent: Log = { info() {}, warn() {}, error() {} };

export interface TemporaryOptions
  extends Pick<PgliteOptions, "schema" | "connectTimeoutMs" | "answerTimeoutMs" | "holdsProcess"> {
  log?: Log;
}

/**
 * Opens an embedded database for one test, in the schema's dialect. It holds only the framework's tables, and is
 * deleted when it is closed. It opens in a fraction of a second, and runs the same code as an application's embedded
 * database.
 * @throws {UnusableDatabaseError} for a dialect without an embedded database.
 */
export async function openTemporaryDatabase(options: TemporaryOptions): Promise<Driver> {
  const directory = await mkdtemp(join(tmpdir(), "convex-lite-"));
  const removeAtOnce = (): void => rmSync(directory, { recursive: true, force: true });
  if (options.holdsProcess === false) process.once("exit", removeAtOnce);
  const remove = async (): Promise<void> => {
    process.off("exit", removeAtOnce);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const driver = await openEmbedded(dialectOf(options.schema), { log: silent, ...options, directory });
    const close = driver.close.bind(driver);
    driver.close = () => close().finally(remove);
    await createInternalTables(driver);
    return driver;
  } catch (error) {
    await remove();
    throw error;
  }
}
