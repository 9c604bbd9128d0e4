import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTables } from "../../lib/database/create-tables.ts";
import type { Driver } from "../../lib/database/driver.ts";
import { createInternalTables } from "../../lib/database/internal-tables.ts";
import { openPostgres } from "../../lib/database/postgres.ts";
import { openTemporary } from "../../lib/database/temporary.ts";
import { describeWithPostgres } from "../../lib/database/with-postgres.ts";
import { fuzz } from "./fuzz.ts";
import * as schema from "./schema.ts";

/** Seeds that have once shown a fault: run first, for ever. */
const FOUND: number[] = [];
const SEEDS = 10;

function neverShowsWhatNeverWas(open: () => Promise<Driver>, again: string): void {
  let driver: Driver;

  beforeAll(async () => {
    driver = await open();
    await createInternalTables(driver);
    await createTables(driver, schema);
  });

  afterAll(() => driver.close());

  test("clients show nothing but states that the database was in, one after the other, and the last one at rest", {
    timeout: 120_000,
  }, async () => {
    for (const seed of [...FOUND, ...Array.from({ length: SEEDS }, (_, i) => i + 1)]) {
      const { faults, barriers, views } = await fuzz(seed, driver);
      if (faults.length > 0) expect([`Again: node tests/fuzz/run-seeds.ts ${seed} 1 ${again}`, ...faults]).toEqual([]);
      expect(barriers).toBeGreaterThan(1);
      expect(views).toBeGreaterThan(1);
    }
  });
}

describe("a fuzzed engine on PGlite", () => neverShowsWhatNeverWas(() => openTemporary({ schema }), ""));
await describeWithPostgres("a fuzzed engine on PostgreSQL", (server) =>
  neverShowsWhatNeverWas(
    () => openPostgres({ url: server.url, schema, log: { info() {}, warn() {}, error() {} } }),
    "<PostgreSQL address>",
  ),
);
