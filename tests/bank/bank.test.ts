import { expect, test } from "vitest";
import { describeOn, type TestDatabase } from "../support/databases/with-every-database.ts";
import { runBank } from "./run-bank.ts";

const SEED = 1;

function keepsItsBooks({ url }: TestDatabase): void {
  test("no transfer is lost, doubled or disordered, and no view torn, stale or foreign, while identities change, lines are cut and the server is killed", async () => {
    const options = { seed: SEED, seconds: 6, customers: 20, kills: 2, isPatient: true };
    const { faults, acknowledged, kills, cuts, switches } = await runBank({ ...options, url: await url() });
    expect(faults, `Again, and longer: node tests/bank/run.ts ${SEED} 60s`).toEqual([]);
    expect([acknowledged, kills, cuts, switches].every((count) => count > 0)).toBe(true);
  });
}

for (const name of ["PGlite", "SQLite", "PostgreSQL"] as const) await describeOn[name]("a bank", keepsItsBooks);
