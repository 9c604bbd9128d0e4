import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";

/** Seeds that have once shown a fault: run first, for ever. `pnpm test:long` runs thousands of others. */
const FOUND = [2, 15, 20, 24, 40, 130, 187, 755, 1154, 2202, 4124, 5018, 6951, 81704, 129518];
const SEEDS = 500;
/** Schedules in which people sign in and out. */
const CHANGING_SEEDS = 250;
/** Schedules in which batches go on without most slow queries. */
const HURRIED_SEEDS = 150;

test("schedules that have shown a fault before show none", async () => {
  for (const seed of FOUND) expect(await faultsOf(seed)).toEqual([]);
});

test("under any faults at any time: calls run once and in order, and clients see one state after the other", async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const faults = await faultsOf(seed);
    if (faults.length > 0) expect(faults).toEqual([]);
  }
});

test("people who sign in and out: no caller sees another's answers, and what waits is never done as another identity", async () => {
  let identityChanges = 0;
  for (let seed = 1; seed <= CHANGING_SEEDS; seed++) {
    const simulated = await simulate(seed, { peopleChange: true });
    identityChanges += simulated.identityChanges;
    if (simulated.faults.length > 0) expect(withCommand(seed, simulated.faults, "change")).toEqual([]);
  }
  expect(identityChanges).toBeGreaterThan(CHANGING_SEEDS);
});

test("batches that go on without a part of their queries: clients see one state after the other all the same", async () => {
  for (let seed = 1; seed <= HURRIED_SEEDS; seed++) {
    const { faults } = await simulate(seed, { isHurried: true });
    if (faults.length > 0) expect(withCommand(seed, faults, "hurry")).toEqual([]);
  }
});

test("one seed is one schedule: it can be repeated", async () => {
  const said = async () => {
    const lines: string[] = [];
    await simulate(7, { trace: (line) => lines.push(line) });
    return lines;
  };
  expect(await said()).toEqual(await said());
});

async function faultsOf(seed: number): Promise<string[]> {
  const { faults } = await simulate(seed);
  return faults.length === 0 ? [] : withCommand(seed, faults);
}

function withCommand(seed: number, faults: string[], who = "stay"): string[] {
  return [`Again: TRACE=1 node tests/simulation/run-seeds.ts ${seed} 1 ${who}`, ...faults];
}
