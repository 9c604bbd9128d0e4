import { afterAll, beforeAll, expect, test } from "vitest";
import type { Driver } from "../../lib/database/driver/driver.ts";
import { createTables } from "../../lib/schema/create-tables.ts";
import {
  type DatabaseName,
  describeOnEveryDatabase,
  type TestDatabase,
} from "../support/databases/with-every-database.ts";
import { thorough } from "../support/thorough.ts";
import { fuzz } from "./fuzz.ts";
import { schemas } from "./schema.ts";

/** Seeds that have once shown a fault: run first, for ever. */
const FOUND: number[] = [];
/** Fewer where a seed takes longer. */
const SEEDS: Readonly<Record<DatabaseName, number>> = {
  PGlite: 6,
  SQLite: 6,
  PostgreSQL: 6,
  "Neon's driver": 2,
  "MySQL or MariaDB": 4,
};

function neverShowsWhatNeverWas({ name, dialect, open, url }: TestDatabase): void {
  const seeds = SEEDS[name] * (thorough ? 6 : 1);
  let driver: Driver;

  beforeAll(async () => {
    driver = await open(schemas[dialect]);
    await createTables(driver, schemas[dialect]);
  });

  afterAll(() => driver?.close());

  test("clients show nothing but states that the database was in, one after the other, and the last one at rest", async () => {
    const again = dialect === "sqlite" ? "file:" : (await url()) ? "<address of an empty database>" : "";
    for (const seed of [...FOUND, ...Array.from({ length: seeds }, (_, i) => i + 1)]) {
      const { faults, barriers, views } = await fuzz(seed, driver);
      if (faults.length > 0) expect([`Again: node tests/fuzz/run-seeds.ts ${seed} 1 ${again}`, ...faults]).toEqual([]);
      expect(barriers).toBeGreaterThan(1);
      expect(views).toBeGreaterThan(1);
    }
  });
}

await describeOnEveryDatabase("a fuzzed engine", neverShowsWhatNeverWas);
