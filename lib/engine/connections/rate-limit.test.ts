import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TokenBucket } from "./rate-limit.ts";

const taken = (rate: TokenBucket, times: number, now: number): number =>
  Array.from({ length: times }, () => rate.take(now)).filter(Boolean).length;

describe("the rate of messages", () => {
  test("allows a burst at once, then no more", () => {
    expect(taken(new TokenBucket(50, 200, 0), 300, 0)).toBe(200);
  });

  test("allows so many a second, for ever", () => {
    const rate = new TokenBucket(50, 200, 0);
    taken(rate, 200, 0);
    for (let second = 1; second <= 10; second++) expect(taken(rate, 100, second * 1000)).toBe(50);
  });

  test("adds up what comes in by fractions of a message", () => {
    const rate = new TokenBucket(50, 1, 0);
    expect(rate.take(0)).toBe(true);
    expect([5, 10, 15].map((ms) => rate.take(ms))).toEqual([false, false, false]);
    expect(rate.take(20)).toBe(true);
  });

  test("saves up no more than one burst", () => {
    expect(taken(new TokenBucket(50, 200, 0), 1000, 3_600_000)).toBe(200);
  });

  test("is not used up when the machine's clock is set back", () => {
    const rate = new TokenBucket(50, 200, 3_600_000);
    expect(taken(rate, 100, 0)).toBe(100);
    expect(taken(rate, 200, 0)).toBe(100);
    expect(taken(rate, 100, 1000)).toBe(50);
  });

  test("never allows more than a burst and what the time is worth", () => {
    const steps = fc.array(fc.nat(200), { maxLength: 300 });
    fc.assert(
      fc.property(steps, (pauses) => {
        const rate = new TokenBucket(10, 5, 0);
        let now = 0;
        let allowed = 0;
        for (const pause of pauses) {
          now += pause;
          if (rate.take(now)) allowed++;
        }
        return allowed <= 5 + (now / 1000) * 10 + 1e-6;
      }),
    );
  });
});
