/**
 * The fuzzer by itself: `node tests/fuzz/run-seeds.ts <first seed> <count, or seconds as "60s"> [DATABASE_URL]`. Without
 * an address: on PGlite; with `file:`: on a new SQLite file. A server's database must be an empty one. Ends with 1 at the
 * first seed that fails.
 */
import { tmpdir } from "node:os";
import { parseDatabaseUrl } from "../../lib/database/driver/database-url.ts";
import type { Driver } from "../../lib/database/driver/driver.ts";
import { openDatabase } from "../../lib/database/open-database.ts";
import { openTemporaryDatabase } from "../../lib/database/temporary-database.ts";
import { createTables } from "../../lib/schema/create-tables.ts";
import { fuzz } from "./fuzz.ts";
import { schemas } from "./schema.ts";
import { runSeeds } from "./seeds.ts";

const [first = "1", many = "1", url = ""] = process.argv.slice(2);
const schema = schemas[url === "" ? "pg" : parseDatabaseUrl(url).dialect];
const driver = await open();
await createTables(driver, schema);
await runSeeds({
  name: `fuzzer on ${url === "" ? "PGlite" : url === "file:" ? "SQLite" : driver.description}`,
  first: Number(first),
  many,
  run: (seed) => fuzz(seed, driver),
  again: (seed) =>
    `node tests/fuzz/run-seeds.ts ${seed} 1 ${url === "" || url === "file:" ? url : "<address of an empty database>"}`,
});
await driver.close();

function open(): Promise<Driver> {
  if (url === "" || url === "file:") return openTemporaryDatabase({ schema });
  return openDatabase({ url, directory: tmpdir(), schema, log: { info() {}, warn() {}, error() {} } });
}
