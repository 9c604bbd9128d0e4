import fc from "fast-check";
import { expect, test } from "vitest";
import { backoff, HIDDEN_CAP, VISIBLE_CAP } from "./backoff.ts";

const jitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("never waits longer than the cap, however often it failed", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000 }),
      jitter,
      fc.constantFrom(VISIBLE_CAP, HIDDEN_CAP),
      (failed, chance, cap) => {
        const wait = backoff(failed, chance, cap);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThan(cap);
      },
    ),
  );
});

test("spreads over a range that doubles with each failure", () => {
  expect([0, 1, 2, 3, 4, 5].map((failed) => backoff(failed, 1, VISIBLE_CAP))).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 8_000,
  ]);
  expect(backoff(5, 0, VISIBLE_CAP)).toBe(0);
});
