import { describe, expect, test } from "vitest";
import { Callers } from "../../auth/caller.ts";
import { createFunctions } from "../../functions/define.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { canonical } from "../../values/canonical.ts";
import { AnswerTokens } from "../answers/answer-tokens.ts";
import { encodeAnswer } from "../answers/encode-answer.ts";
import { defaultLimits, type EngineLimits } from "../run/limits.ts";
import { LiveQueries } from "./live-queries.ts";
import type { LiveQuery, Watcher } from "./live-query.ts";
import { PreloadLeases } from "./preload-leases.ts";

const callers = new Callers("secret");
const tokens = new AnswerTokens("secret");

const fn = createFunctions<Record<string, never>>().query({ handler: () => null });

function world(limits: Partial<EngineLimits> = {}) {
  const clock = new HandClock();
  const queries = new LiveQueries();
  const leases = new PreloadLeases(clock, { ...defaultLimits, preloadLeaseMs: 30_000, ...limits }, queries);
  /** A page was rendered from a query's answer of this size. */
  const hold = (n: number, bytes = 100): LiveQuery => {
    const live = queries.getOrCreate({ fn, path: "m:list", args: { n } }, callers.of(null));
    live.begin();
    live.finish(encodeAnswer(live.id, live.path, "x".repeat(bytes), 1_000_000, tokens), 0);
    leases.hold(live);
    return live;
  };
  return { clock, queries, leases, hold };
}

describe("a lease", () => {
  test("keeps an answer for its time, then drops it", () => {
    const { clock, hold, queries } = world();
    const live = hold(1);
    clock.advance(29_999);
    expect(live).toMatchObject({ isLeased: true, isDropped: false });
    clock.advance(1);
    expect(live).toMatchObject({ isLeased: false, isDropped: true });
    expect(queries.size).toBe(0);
  });

  test("begins anew when another page is rendered from the answer", () => {
    const { clock, hold } = world();
    const live = hold(1);
    clock.advance(20_000);
    hold(1);
    clock.advance(29_999);
    expect(live.isDropped).toBe(false);
    clock.advance(1);
    expect(live.isDropped).toBe(true);
  });

  test("ends for the page only: a watcher keeps the live query", () => {
    const { clock, hold, queries } = world();
    const live = hold(1);
    live.watch({ caller: live.caller, takesAnswers: true } as Watcher);
    clock.advance(30_000);
    expect(live).toMatchObject({ isLeased: false, isDropped: false });
    expect(queries.size).toBe(1);
  });

  test("needs one timer for all, and none when there is none", () => {
    const { clock, hold, queries } = world();
    expect(clock.waiting).toBe(0);
    for (let n = 0; n < 10; n++) {
      hold(n);
      clock.advance(1_000);
    }
    expect(clock.waiting).toBe(1);
    clock.advance(20_000);
    expect(queries.size).toBe(9);
    expect(clock.waiting).toBe(1);
    clock.advance(9_000);
    expect(queries.size).toBe(0);
    expect(clock.waiting).toBe(0);
  });

  test("of an answer that was invalidated meanwhile is over", () => {
    const { clock, hold, queries } = world();
    const live = hold(1);
    queries.invalidate([{ path: "m:list", match: new Map([["n", canonical(1)]]) }], 1);
    expect(live.isDropped).toBe(true);
    const next = hold(1);
    expect(next).not.toBe(live);
    clock.advance(30_000);
    expect(queries.size).toBe(0);
  });
});

describe("the least recently used goes first", () => {
  test("when there are too many", () => {
    const { hold, queries } = world({ preloadLeases: 3 });
    const [first, second, third] = [hold(1), hold(2), hold(3)];
    hold(1);
    hold(4);
    expect([first, second, third].map((live) => live?.isDropped)).toEqual([false, true, false]);
    expect(queries.size).toBe(3);
  });

  test("when together they are too large", () => {
    const { hold } = world({ preloadLeaseBytes: 1_000 });
    const [first, second] = [hold(1, 400), hold(2, 400)];
    hold(1, 400);
    const large = hold(3, 300);
    expect([first, second, large].map((live) => live?.isDropped)).toEqual([false, true, false]);
  });

  test("even the newest, when it alone is too large", () => {
    const { hold, queries, clock } = world({ preloadLeaseBytes: 1_000 });
    expect(hold(1, 2_000).isDropped).toBe(true);
    expect(queries.size).toBe(0);
    expect(hold(2, 100).isDropped).toBe(false);
    clock.advance(30_000);
    expect(queries.size).toBe(0);
  });

  test("and its bytes are free again", () => {
    const { hold, queries } = world({ preloadLeaseBytes: 1_000 });
    for (let n = 0; n < 50; n++) hold(n % 7, 300);
    expect(queries.size).toBe(3);
  });
});

test("closing leaves no timer behind", () => {
  const { clock, hold, leases } = world();
  hold(1);
  leases.close();
  expect(clock.waiting).toBe(0);
});
