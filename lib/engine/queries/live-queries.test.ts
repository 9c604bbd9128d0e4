import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Callers } from "../../auth/caller.ts";
import { createFunctions } from "../../functions/define.ts";
import type { Invalidation } from "../../invalidation/invalidation.ts";
import { canonical } from "../../values/canonical.ts";
import { AnswerTokens } from "../answers/answer-tokens.ts";
import { encodeAnswer } from "../answers/encode-answer.ts";
import type { Call } from "../run/run.ts";
import { LiveQueries } from "./live-queries.ts";
import type { LiveQuery, Waiter, Watcher } from "./live-query.ts";

const callers = new Callers("secret");
const tokens = new AnswerTokens("secret");

const fn = createFunctions<Record<string, never>>().query({ handler: () => null });
const call = (args: Record<string, unknown> = {}, path = "messages:list"): Call => ({ fn, path, args });
const anonymous = callers.of(null);
const ines = callers.of({ subject: "ines" });
const tomasz = callers.of({ subject: "tomasz" });

const about = (args: Record<string, unknown>, path = "messages:list"): Invalidation => ({
  path,
  match: new Map(Object.entries(args).map(([name, value]) => [name, canonical(value)])),
});
const watcher = (caller = anonymous) =>
  ({ caller, takesAnswers: true, changed: () => {}, rebind: () => {} }) as unknown as Watcher;
const waiter = (caller = anonymous): Waiter => ({ caller, asked: 0, resolve: () => {}, reject: () => {} });

/** A live query that is watched and that has been answered. */
function watched(live: LiveQuery, queries: LiveQueries): LiveQuery {
  live.watch(watcher(live.caller));
  queries.requeueIfStale(live);
  for (const each of queries.takeDue(true)) answer(each, queries);
  return live;
}

/** Ends its run, with an answer of this revision. */
function answer(live: LiveQuery, queries: LiveQueries, revision = 0): void {
  queries.finish(live, encodeAnswer(live.id, live.path, [], 1000, tokens), revision, false);
}

function unwatch(live: LiveQuery): void {
  for (const each of live.watchers) live.unwatch(each);
}

test("a query whose answers are large counts as large, whatever its arguments, until one is small", () => {
  const queries = new LiveQueries();
  const [one, other] = [1, 2].map((n) => queries.getOrCreate(call({ n }), anonymous)) as [LiveQuery, LiveQuery];
  const answered = (live: LiveQuery, bytes: number) => {
    live.begin();
    queries.finish(live, encodeAnswer(live.id, live.path, "x".repeat(bytes), 1e6, tokens), 0, false);
  };
  expect(queries.costs.isLarge(one)).toBe(false);
  answered(one, 300_000);
  expect([one, other].map((live) => queries.costs.isLarge(live))).toEqual([true, true]);
  answered(other, 10);
  expect([one, other].map((live) => queries.costs.isLarge(live))).toEqual([true, false]);
  answered(one, 10);
  expect(queries.costs.isLarge(queries.getOrCreate(call({ n: 3 }), anonymous))).toBe(false);
});

describe("a live query", () => {
  test("is shared by all callers of the same query with the same arguments", () => {
    const queries = new LiveQueries();
    const live = queries.getOrCreate(call({ channel: "a", limit: undefined }), anonymous);
    expect(queries.getOrCreate(call({ channel: "a" }), ines)).toBe(live);
    expect(queries.getOrCreate(call({ limit: undefined, channel: "a" }), tomasz)).toBe(live);
    expect(queries.size).toBe(1);
    expect(queries.getOrCreate(call({ a: 1, b: 2 }), anonymous)).toBe(
      queries.getOrCreate(call({ b: 2, a: 1 }), anonymous),
    );
  });

  test("is another one for another path or other arguments", () => {
    const queries = new LiveQueries();
    const all = [call(), call({ a: "1" }), call({ a: 1 }), call({ b: 1 }), call({ a: 1 }, "other:list")];
    expect(new Set(all.map((each) => queries.getOrCreate(each, anonymous).id)).size).toBe(all.length);
  });

  test("is not confused by names and values that look like others joined together", () => {
    const queries = new LiveQueries();
    const one = queries.getOrCreate(call({ a: '1","b', b: 2 }), anonymous);
    const other = queries.getOrCreate(call({ a: "1", b: 2 }), anonymous);
    expect(one).not.toBe(other);
  });

  test("has no fresh answer until its run has ended, nor once it is stale", () => {
    const queries = new LiveQueries();
    const live = watched(queries.getOrCreate(call(), anonymous), queries);
    expect(live.fresh).toBe(live.answer);
    queries.invalidate([about({})], 1);
    expect(live.fresh).toBeUndefined();
    expect(queries.takeDue(true)).toEqual([live]);
    expect(live.stale).toBe(false);
    expect(live.fresh).toBeUndefined();
  });
});

describe("an invalidation", () => {
  test("makes due what is watched, in the order it became so, once", () => {
    const queries = new LiveQueries();
    const [a, b] = ["a", "b"].map((channel) => watched(queries.getOrCreate(call({ channel }), anonymous), queries));
    queries.invalidate([about({ channel: "b" })], 1);
    queries.invalidate([about({}), about({ channel: "a" })], 1);
    expect(queries.hasDue(true)).toBe(true);
    expect(queries.takeDue(true)).toEqual([b, a]);
    expect(queries.hasDue(true)).toBe(false);
  });

  test("leaves alone what it does not name", () => {
    const queries = new LiveQueries();
    watched(queries.getOrCreate(call({ channel: "a" }), anonymous), queries);
    queries.invalidate([about({ channel: "b" }), about({}, "other:list"), about({ author: "a" })], 1);
    expect(queries.hasDue(true)).toBe(false);
  });

  test("that comes while the query runs makes it due again, once the run has ended", () => {
    const queries = new LiveQueries();
    const live = watched(queries.getOrCreate(call(), anonymous), queries);
    queries.invalidate([about({})], 1);
    expect(queries.takeDue(true)).toEqual([live]);
    queries.invalidate([about({})], 2);
    expect([queries.hasDue(true), queries.takeDue(true), queries.takeIfDue(live)]).toEqual([false, [], false]);
    answer(live, queries, 1);
    expect(queries.takeDue(true)).toEqual([live]);
  });

  test("drops what only a lease holds: the browser may never subscribe to it", () => {
    const queries = new LiveQueries();
    const live = watched(queries.getOrCreate(call(), anonymous), queries);
    unwatch(live);
    live.lease();
    queries.dropIfIdle(live);
    expect(queries.size).toBe(1);
    queries.invalidate([about({})], 1);
    expect(live).toMatchObject({ isDropped: true, isLeased: false });
    expect(queries.size).toBe(0);
    expect(queries.hasDue(true)).toBe(false);
  });

  test("reaches every caller's own", () => {
    const queries = new LiveQueries();
    const shared = watched(queries.getOrCreate(call(), ines), queries);
    queries.splitByCaller(shared);
    const own = watched(queries.getOrCreate(call(), tomasz), queries);
    queries.invalidate([about({})], 1);
    expect(new Set(queries.takeDue(true))).toEqual(new Set([shared, own]));
  });
});

describe("a live query whose run asked who is calling", () => {
  test("belongs to the caller it ran as; each other caller gets its own", () => {
    const queries = new LiveQueries();
    const live = queries.getOrCreate(call(), ines);
    queries.splitByCaller(live);
    expect(queries.getOrCreate(call(), ines)).toBe(live);
    const own = queries.getOrCreate(call(), tomasz);
    expect(own).not.toBe(live);
    expect(own.perCaller).toBe(true);
    const unnamed = queries.getOrCreate(call(), anonymous);
    expect(unnamed).not.toBe(live);
    expect(new Set(queries.splitByCaller(live))).toEqual(new Set([live, own, unnamed]));
  });

  test("belongs to anonymous callers alone when it ran as anonymous", () => {
    const queries = new LiveQueries();
    const live = queries.getOrCreate(call(), anonymous);
    queries.splitByCaller(live);
    expect(queries.getOrCreate(call(), anonymous)).toBe(live);
    expect(queries.getOrCreate(call(), ines)).not.toBe(live);
  });

  test("says nothing about other arguments of the same query", () => {
    const queries = new LiveQueries();
    queries.splitByCaller(queries.getOrCreate(call({ channel: "a" }), ines));
    const other = queries.getOrCreate(call({ channel: "b" }), ines);
    expect(queries.getOrCreate(call({ channel: "b" }), tomasz)).toBe(other);
  });

  test("has its waiters moved to the live query of their caller", () => {
    const queries = new LiveQueries();
    queries.splitByCaller(queries.getOrCreate(call(), ines));
    const waiting = waiter(tomasz);
    queries.addWaiter(call(), waiting);
    const own = queries.getOrCreate(call(), tomasz);
    expect(own.takeWaiters()).toEqual([waiting]);
    own.addWaiter(waiting);
    expect(queries.takeIfDue(own)).toBe(true);
    expect(queries.takeIfDue(own)).toBe(false);
  });
});

describe("a live query without watcher, waiter or lease", () => {
  test("is dropped, and the next request creates a new one", () => {
    const queries = new LiveQueries();
    const live = watched(queries.getOrCreate(call(), anonymous), queries);
    unwatch(live);
    queries.dropIfIdle(live);
    expect(live.isDropped).toBe(true);
    expect(queries.size).toBe(0);
    expect(queries.getOrCreate(call(), anonymous)).not.toBe(live);
    queries.invalidate([about({})], 1);
    expect(live.stale).toBe(false);
  });

  test("is not run, though it became stale while it was watched", () => {
    const queries = new LiveQueries();
    const live = watched(queries.getOrCreate(call(), anonymous), queries);
    queries.invalidate([about({})], 1);
    unwatch(live);
    expect(queries.hasDue(true)).toBe(false);
    expect(queries.takeDue(true)).toEqual([]);
  });

  test("is dropped only when the last watcher, waiter or lease is gone", () => {
    const queries = new LiveQueries();
    const live = queries.getOrCreate(call(), anonymous);
    const watching = watcher();
    const holds: [() => void, () => void][] = [
      [() => live.watch(watching), () => live.unwatch(watching)],
      [() => live.addWaiter(waiter()), () => live.takeWaiters()],
      [() => live.lease(), () => live.endLease()],
    ];
    for (const [hold, release] of holds) {
      hold();
      queries.dropIfIdle(live);
      expect(live.isDropped).toBe(false);
      release();
    }
    queries.dropIfIdle(live);
    expect(live.isDropped).toBe(true);
  });
});

describe("a run that could not be finished", () => {
  test("is due again", () => {
    const queries = new LiveQueries();
    const live = queries.getOrCreate(call(), anonymous);
    live.addWaiter(waiter());
    queries.requeueIfStale(live);
    expect(queries.takeDue(true)).toEqual([live]);
    queries.putBack(live);
    expect(queries.takeDue(true)).toEqual([live]);
  });
});

describe("a detached run", () => {
  const detached = (queries: LiveQueries): LiveQuery => {
    const live = watched(queries.getOrCreate(call(), anonymous), queries);
    queries.invalidate([about({})], 5);
    queries.takeDue(true);
    live.detach();
    return live;
  };

  test("keeps its query from being run a second time until it has ended", () => {
    const queries = new LiveQueries();
    const live = detached(queries);
    queries.invalidate([about({})], 6);
    expect([queries.hasDue(true), queries.takeDue(true)]).toEqual([false, []]);
    expect(queries.countDue()).toEqual({ due: 0, apart: 0 });
    answer(live, queries, 5);
    expect(queries.hasDue(true)).toBe(true);
    expect(queries.takeDue(true)).toEqual([live]);
  });

  test("leaves its answer unknown at every revision, and a stale one from its commit on", () => {
    const queries = new LiveQueries();
    const slow = detached(queries);
    const stale = watched(queries.getOrCreate(call({ channel: "a" }), anonymous), queries);
    queries.invalidate([about({ channel: "a" })], 9);
    expect(queries.unsettledAt(8)).toEqual(new Set([slow]));
    expect(queries.unsettledAt(9)).toEqual(new Set([slow, stale]));
    answer(slow, queries, 5);
    expect(queries.unsettledAt(8)).toEqual(new Set());
  });

  test("ends with its live query", () => {
    const queries = new LiveQueries();
    const live = detached(queries);
    unwatch(live);
    queries.dropIfIdle(live);
    expect(queries.unsettledAt(100)).toEqual(new Set());
  });

  test("is due again when its run was lost", () => {
    const queries = new LiveQueries();
    const live = detached(queries);
    queries.putBack(live);
    expect(queries.takeDue(true)).toEqual([live]);
    expect(live.isDetached).toBe(false);
  });
});

describe("when the functions are replaced", () => {
  test("all live queries are dropped and returned", () => {
    const queries = new LiveQueries();
    const one = watched(queries.getOrCreate(call({ a: 1 }), anonymous), queries);
    queries.splitByCaller(one);
    const two = queries.getOrCreate(call({ a: 1 }), ines);
    expect(queries.clear().map((gone) => gone.call)).toEqual([one.call, two.call]);
    expect([one.isDropped, two.isDropped, queries.size, queries.hasDue(true)]).toEqual([true, true, 0, false]);
    queries.invalidate([about({})], 1);
    expect(queries.hasDue(true)).toBe(false);
  });
});

describe("what one of a thousand people costs is the same as with ten:", () => {
  const people = Array.from({ length: 1_000 }, (_, i) => callers.of({ subject: `${i}` }));
  let steps = 0;
  /** Counts the items that are looked at in maps and lists from now on. */
  function countSteps(): void {
    steps = 0;
    const { entries } = Map.prototype;
    vi.spyOn(Map.prototype, Symbol.iterator).mockImplementation(function* (this: Map<unknown, unknown>) {
      for (const [key, value] of entries.call(this)) {
        steps++;
        yield [key, value];
      }
    } as never);
    for (const name of ["includes", "filter"] as const) {
      const method = Array.prototype[name];
      vi.spyOn(Array.prototype, name).mockImplementation(function (this: unknown[], ...args: never[]) {
        steps += this.length;
        return (method as (...all: never[]) => never).apply(this, args);
      } as never);
    }
  }
  afterEach(() => vi.restoreAllMocks());

  test("who leaves a query of which each has an own one", () => {
    const queries = new LiveQueries();
    const first = watched(queries.getOrCreate(call(), anonymous), queries);
    queries.splitByCaller(first);
    const own = people.map((caller) => watched(queries.getOrCreate(call(), caller), queries));
    countSteps();
    for (const live of own) {
      unwatch(live);
      queries.dropIfIdle(live);
    }
    expect(steps).toBeLessThan(10 * people.length);
    vi.restoreAllMocks();
    expect([...queries.all()]).toEqual([first]);
    expect(queries.getOrCreate(call(), anonymous)).toBe(first);
  });

  test("who waits for the answer of a shared one, and gives up or gets it", () => {
    const queries = new LiveQueries();
    const live = queries.getOrCreate(call(), anonymous);
    const told: unknown[] = [];
    const waiters = people.map((caller) => ({ ...waiter(caller), resolve: () => told.push(caller) }));
    for (const one of waiters) queries.addWaiter(call(), one);
    queries.takeDue(true);
    countSteps();
    for (const one of waiters.slice(500)) live.removeWaiter(one);
    answer(live, queries);
    queries.resolveWaiters(live, 0);
    expect(steps).toBeLessThan(10 * people.length);
    expect(told).toEqual(people.slice(0, 500));
    expect(live.isDropped).toBe(true);
  });
});

test("after any events in any order, exactly the stale and wanted are due, and nothing idle stays", () => {
  const channel = fc.constantFrom("a", "b");
  const caller = fc.constantFrom(anonymous, ines, tomasz);
  const step = fc.oneof(
    fc.record({ watch: fc.record({ channel, caller }) }),
    fc.record({ leave: fc.nat(10) }),
    fc.record({ invalidate: fc.option(channel) }),
    fc.record({ perCaller: fc.nat(10) }),
    fc.constant({ run: true }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const queries = new LiveQueries();
      const watching: { live: LiveQuery; by: Watcher }[] = [];
      for (const each of steps) {
        if ("watch" in each) {
          const live = queries.getOrCreate(call({ channel: each.watch.channel }), each.watch.caller);
          const by = watcher(each.watch.caller);
          live.watch(by);
          queries.requeueIfStale(live);
          watching.push({ live, by });
        } else if ("leave" in each) {
          const [left] = watching.splice(each.leave % Math.max(1, watching.length), 1);
          left?.live.unwatch(left.by);
          if (left) queries.dropIfIdle(left.live);
        } else if ("invalidate" in each) {
          queries.invalidate([about(each.invalidate === null ? {} : { channel: each.invalidate })], 1);
        } else if ("perCaller" in each) {
          const live = watching[each.perCaller % Math.max(1, watching.length)]?.live;
          if (live && !live.perCaller) queries.splitByCaller(live);
        } else {
          const stale = new Set(watching.map(({ live }) => live).filter((live) => live.stale));
          const due = queries.takeDue(true);
          expect(new Set(due)).toEqual(stale);
          for (const live of due) answer(live, queries);
        }
        expect(queries.size).toBe(new Set(watching.map(({ live }) => live)).size);
        expect(watching.some(({ live }) => live.isDropped)).toBe(false);
      }
    }),
    { numRuns: 300 },
  );
});
