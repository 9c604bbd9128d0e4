import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../environment/environment.ts";
import type { EmbeddedDriver } from "./embedded-driver.ts";
import { createInternalTables } from "./internal-tables.ts";
import { openPglite, type PgliteOptions } from "./pglite.ts";

const silent: Log = { info() {}, warn() {}, error() {} };

/**
 * An embedded database for one test: empty but for the framework's tables, and gone when it is closed. It is a copy of
 * an initialised directory, so it opens in a fraction of a second, and runs through the very code of the real one.
 */
export async function openTemporary(
  options: Partial<Omit<PgliteOptions, "directory">> & Pick<PgliteOptions, "schema">,
): Promise<EmbeddedDriver> {
  const directory = await mkdtemp(join(tmpdir(), "convex-lite-"));
  const driver = await openPglite({ log: silent, ...options, directory: join(directory, "pglite") });
  const close = driver.close.bind(driver);
  driver.close = () => close().finally(() => rm(directory, { recursive: true, force: true }));
  await createInternalTables(driver);
  return driver;
}
