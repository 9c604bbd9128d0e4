/**
 * The fuzzer by itself: `node tests/fuzz/run-seeds.ts <first seed> <count, or seconds as "60s"> [PostgreSQL address]`.
 * Without an address: on the embedded database. The PostgreSQL database must be an empty one. Ends with 1 at the first
 * seed that fails.
 */
import { createTables } from "../../lib/database/create-tables.ts";
import type { Driver } from "../../lib/database/driver.ts";
import { createInternalTables } from "../../lib/database/internal-tables.ts";
import { openPostgres } from "../../lib/database/postgres.ts";
import { openTemporary } from "../../lib/database/temporary.ts";
import { fuzz } from "./fuzz.ts";
import * as schema from "./schema.ts";
import { runSeeds } from "./seeds.ts";

const [first = "1", many = "1", url] = process.argv.slice(2);
const driver = await open();
await createTables(driver, schema);
await runSeeds({
  name: url ? "fuzzer on PostgreSQL" : "fuzzer on PGlite",
  first: Number(first),
  many,
  run: (seed) => fuzz(seed, driver),
  again: (seed) => `node tests/fuzz/run-seeds.ts ${seed} 1${url ? " <PostgreSQL address>" : ""}`,
});
await driver.close();

async function open(): Promise<Driver> {
  if (!url) return openTemporary({ schema });
  const postgres = await openPostgres({ url, schema, log: { info() {}, warn() {}, error() {} } });
  await createInternalTables(postgres);
  return postgres;
}
