import { expect, test } from "vitest";
import { behaviours } from "./behaviours.ts";
import { besiege } from "./besiege.ts";

const SEED = 1;

test("greedy clients of every kind lose no write of an ordinary one, close and refuse none, and take no gigabyte of the server", async () => {
  const { faults, acknowledged, met } = await besiege({
    ...{ seed: SEED, seconds: 10, ordinary: 10, greedy: behaviours.length, isPatient: true },
  });
  expect(faults, `Again, and longer: node tests/crowd/run.ts ${SEED} 60s`).toEqual([]);
  expect(acknowledged).toBeGreaterThan(0);
  expect(Object.keys(met).sort()).toEqual(behaviours.map(({ name }) => name).sort());
});
