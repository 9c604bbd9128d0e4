import { describe, expect, test } from "vitest";
import { Callers } from "../../auth/caller.ts";
import { createFunctions } from "../../functions/define.ts";
import type { Answer } from "../answers/answer.ts";
import { AnswerTokens } from "../answers/answer-tokens.ts";
import { encodeAnswer, encodeError } from "../answers/encode-answer.ts";
import { LiveQuery, type Waiter, type Watcher } from "./live-query.ts";

const callers = new Callers("secret");
const tokens = new AnswerTokens("secret");

const fn = createFunctions<Record<string, never>>().query({ handler: () => null });
const caller = callers.of(null);
const newQuery = () => new LiveQuery(1, "key", { fn, path: "m:list", args: {} }, new Map(), caller, false);
const value = (of: unknown, previous?: Answer) => encodeAnswer(1, "m:list", of, 1000, tokens, previous);
const watcher = { caller, takesAnswers: true } as Watcher;

/** The state of a live query, in words. */
function stateOf(live: LiveQuery): string {
  const run = live.isDropped ? "dropped" : live.isDetached ? "detached" : live.isRunning ? "running" : "idle";
  return `${run}, ${live.stale ? "stale" : "fresh"}`;
}

const states: Record<string, () => LiveQuery> = {
  "idle, stale": newQuery,
  "running, fresh": () => through(newQuery(), "begin"),
  "running, stale": () => through(newQuery(), "begin", "invalidate"),
  "detached, fresh": () => through(newQuery(), "begin", "detach"),
  "detached, stale": () => through(newQuery(), "begin", "detach", "invalidate"),
  "idle, fresh": () => through(newQuery(), "begin", "finish"),
  "dropped, stale": () => through(newQuery(), "drop"),
  "dropped, fresh": () => through(newQuery(), "begin", "finish", "drop"),
};

const events = {
  invalidate: (live: LiveQuery) => live.invalidate(7),
  begin: (live: LiveQuery) => live.begin(),
  detach: (live: LiveQuery) => live.detach(),
  finish: (live: LiveQuery) => void live.finish(value("answer"), 5),
  lose: (live: LiveQuery) => live.lose(),
  drop: (live: LiveQuery) => live.drop(),
};

function through(live: LiveQuery, ...names: (keyof typeof events)[]): LiveQuery {
  for (const name of names) events[name](live);
  return live;
}

/** Every state × every event. What is not listed leaves the state as it is. */
const table: Record<keyof typeof states, Partial<Record<keyof typeof events, string>>> = {
  "idle, stale": { begin: "running, fresh", drop: "dropped, stale" },
  "running, fresh": {
    invalidate: "running, stale",
    detach: "detached, fresh",
    finish: "idle, fresh",
    lose: "idle, stale",
    drop: "dropped, fresh",
  },
  "running, stale": { detach: "detached, stale", finish: "idle, stale", lose: "idle, stale", drop: "dropped, stale" },
  "detached, fresh": {
    invalidate: "detached, stale",
    finish: "idle, fresh",
    lose: "idle, stale",
    drop: "dropped, fresh",
  },
  "detached, stale": { finish: "idle, stale", lose: "idle, stale", drop: "dropped, stale" },
  "idle, fresh": { invalidate: "idle, stale", begin: "running, fresh", drop: "dropped, fresh" },
  // The run of a dropped one may still finish: no client reads its answer.
  "dropped, stale": {},
  "dropped, fresh": { invalidate: "dropped, stale" },
};

describe.each(Object.keys(states))("a live query that is %s", (state) => {
  test("is in that state", () => {
    expect(stateOf(states[state]?.() ?? newQuery())).toBe(state);
  });

  test.each(Object.keys(events) as (keyof typeof events)[])("%s", (event) => {
    const live = through(states[state]?.() ?? newQuery(), event);
    expect(stateOf(live)).toBe(table[state]?.[event] ?? state);
  });
});

describe("its answer", () => {
  test("is fresh when no run goes on and no commit came since the run", () => {
    const live = through(newQuery(), "begin", "finish");
    expect(live.fresh).toBe(live.answer);
    expect(through(live, "begin").fresh).toBeUndefined();
  });

  test("is known at each revision from its run's up to the next commit that may change it", () => {
    const live = through(newQuery(), "begin", "finish");
    expect([5, 6, 7, 8].map((revision) => live.isKnownAt(revision))).toEqual([true, true, true, true]);
    live.invalidate(7);
    expect([5, 6, 7, 8].map((revision) => live.isKnownAt(revision))).toEqual([true, true, false, false]);
  });

  test("stays known while its next run goes on, also when that is lost", () => {
    const live = through(newQuery(), "begin", "finish", "invalidate", "begin");
    expect([6, 7].map((revision) => live.isKnownAt(revision))).toEqual([true, false]);
    expect(through(live, "lose").stale).toBe(true);
    expect([6, 7].map((revision) => live.isKnownAt(revision))).toEqual([true, false]);
  });

  test("of a run that a commit overtook is stale as soon as it is there", () => {
    const live = through(newQuery(), "begin", "invalidate", "finish");
    expect([6, 7].map((revision) => live.isKnownAt(revision))).toEqual([true, false]);
  });

  test("that may have missed the next announcement holds at its own revision only", () => {
    const live = through(newQuery(), "begin");
    live.finish(value("answer"), 5, true);
    expect([5, 6].map((revision) => live.isKnownAt(revision))).toEqual([true, false]);
  });

  test("is another one only if it says something else", () => {
    const live = through(newQuery(), "begin", "finish");
    const { answer } = live;
    expect(live.finish(value("answer", answer), 6)).toBe(false);
    expect(live.answer).toBe(answer);
    expect(live.answeredAt).toBe(6);
    expect(live.finish(value("another"), 7)).toBe(true);
  });

  test("is known at no revision when it is an error of the server", () => {
    const live = newQuery();
    live.begin();
    live.finish(encodeError(1, { kind: "internal", incident: "i" }, true), 5);
    expect([live.hasTransientError, live.isKnownAt(5), live.fresh]).toEqual([true, false, undefined]);
  });
});

describe("those who need it", () => {
  test("are its watchers and waiters; a lease keeps it only until it is stale", () => {
    const live = through(newQuery(), "begin", "finish");
    live.watch(watcher);
    live.lease();
    live.invalidate(7);
    expect([live.wanted, live.isLeased]).toEqual([true, true]);
    live.unwatch(watcher);
    expect([live.wanted, live.isIdle]).toEqual([false, false]);
    live.invalidate(8);
    expect([live.isLeased, live.isIdle]).toEqual([false, true]);
  });

  test("are answered when they asked before the first commit that the answer does not hold", () => {
    const live = newQuery();
    const [early, late] = [5, 7].map((asked): Waiter => ({ caller, asked, resolve() {}, reject() {} }));
    for (const waiter of [early, late]) if (waiter) live.addWaiter(waiter);
    expect(live.takeServed()).toEqual([]);
    through(live, "begin", "invalidate", "finish");
    expect(live.takeServed()).toEqual([early]);
    expect(live.hasWaiters).toBe(true);
  });
});
