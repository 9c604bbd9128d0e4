import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

/** Takes one token if there is one. */
function take(bucket: TokenBucket, now: number, perSecond = 50, burst = 200): boolean {
  const isThere = bucket.wait(now, perSecond, burst) === 0;
  if (isThere) bucket.take();
  return isThere;
}

const taken = (bucket: TokenBucket, times: number, now: number): number =>
  Array.from({ length: times }, () => take(bucket, now)).filter(Boolean).length;

describe("the rate of messages", () => {
  test("allows a burst at once, then no more", () => {
    expect(taken(new TokenBucket(), 300, 0)).toBe(200);
  });

  test("allows so many a second, for ever", () => {
    const bucket = new TokenBucket();
    taken(bucket, 200, 0);
    for (let second = 1; second <= 10; second++) expect(taken(bucket, 100, second * 1000)).toBe(50);
  });

  test("adds up what comes in by fractions of a message", () => {
    const bucket = new TokenBucket();
    expect(take(bucket, 0, 50, 1)).toBe(true);
    expect([5, 10, 15].map((ms) => take(bucket, ms, 50, 1))).toEqual([false, false, false]);
    expect(take(bucket, 20, 50, 1)).toBe(true);
  });

  test("tells how long the next message has to wait, in whole milliseconds", () => {
    const bucket = new TokenBucket();
    for (let n = 0; n < 4; n++) expect(take(bucket, 0, 4, 4)).toBe(true);
    expect(bucket.wait(0, 4, 4)).toBe(250);
    expect(bucket.wait(100, 4, 4)).toBe(150);
    expect(take(bucket, 250, 4, 4)).toBe(true);
    expect(bucket.wait(250.5, 4, 4)).toBe(250);
    expect(bucket.wait(10_000, 4, 4)).toBe(0);
  });

  test("holds at once when the server states a lower one", () => {
    const bucket = new TokenBucket();
    expect(take(bucket, 0, 50, 50)).toBe(true);
    expect(bucket.wait(0, 1, 1)).toBe(1_000);
  });

  test("saves up no more than one burst", () => {
    expect(taken(new TokenBucket(), 1000, 3_600_000)).toBe(200);
  });

  test("is not used up when the machine's clock is set back, and nothing waits for the clock to come back", () => {
    const bucket = new TokenBucket();
    expect(taken(bucket, 100, 3_600_000)).toBe(100);
    expect(taken(bucket, 200, 0)).toBe(100);
    expect(bucket.wait(0, 50, 200)).toBe(20);
    expect(taken(bucket, 100, 1000)).toBe(50);
  });

  test("never allows more than a burst and what the time is worth", () => {
    const steps = fc.array(fc.nat(200), { maxLength: 300 });
    fc.assert(
      fc.property(steps, (pauses) => {
        const bucket = new TokenBucket();
        let now = 0;
        let allowed = 0;
        for (const pause of pauses) {
          now += pause;
          if (take(bucket, now, 10, 5)) allowed++;
        }
        return allowed <= 5 + (now / 1000) * 10 + 1e-6;
      }),
    );
  });
});
