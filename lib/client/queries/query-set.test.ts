import { describe, expect, test } from "vitest";
import type { QueryKey } from "../../functions/query-key.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { USUAL_LIMITS } from "../connection/connection.ts";
import { UNMOUNT_GRACE } from "./query-limits.ts";
import { QuerySet } from "./query-set.ts";

const a = "x:a{}" as QueryKey;
const b = "x:b{}" as QueryKey;
const c = "x:c{}" as QueryKey;

function querySet(alsoReleased = (_queries: QuerySet, _key: QueryKey) => {}) {
  const clock = new HandClock();
  const released: QueryKey[] = [];
  const refused: [QueryKey, string][] = [];
  const queries: QuerySet = new QuerySet(clock, {
    sent: () => {},
    released({ key }) {
      released.push(key);
      alsoReleased(queries, key);
    },
    refuse: ({ key }, { kind }) => refused.push([key, kind]),
  });
  return { clock, released, refused, queries, next: (limits = {}) => queries.next({ ...USUAL_LIMITS, ...limits }) };
}

const subscribe = (...queries: [query: number, path: string][]) => ({
  type: "Subscribe",
  queries: queries.map(([query, path]) => ({ query, path, args: {}, token: undefined })),
});
const unsubscribe = (...queries: number[]) => ({ type: "Unsubscribe", queries });

describe("a query set", () => {
  test("subscribes once for any number of watchers, and unsubscribes a grace after the last", () => {
    const { clock, released, queries, next } = querySet();
    queries.watch(a);
    queries.watch(a);
    expect([next(), next()]).toEqual([subscribe([1, "x:a"]), undefined]);
    queries.unwatch(a);
    clock.advance(UNMOUNT_GRACE);
    expect(released).toEqual([]);
    queries.unwatch(a);
    clock.advance(UNMOUNT_GRACE - 1);
    expect(released).toEqual([]);
    clock.advance(1);
    expect([released, next(), next()]).toEqual([[a], unsubscribe(1), undefined]);
  });

  test("sends nothing about a query that was released before it was sent", () => {
    const { clock, queries, next } = querySet();
    queries.watch(a);
    queries.unwatch(a);
    clock.advance(UNMOUNT_GRACE);
    expect([next(), queries.all]).toEqual([undefined, []]);
  });

  test("never uses an id twice", () => {
    const { clock, queries, next } = querySet();
    queries.watch(a);
    queries.unwatch(a);
    clock.advance(UNMOUNT_GRACE);
    queries.watch(a);
    expect(next()).toEqual(subscribe([2, "x:a"]));
  });

  test("keeps a query that a listener of its release watches again", () => {
    const { clock, queries, next } = querySet((all, key) => all.watch(key));
    queries.watch(a);
    next();
    queries.unwatch(a);
    clock.advance(UNMOUNT_GRACE);
    expect([next(), next()]).toEqual([unsubscribe(1), subscribe([2, "x:a"])]);
    expect(queries.get(a)).toMatchObject({ watchers: 1, stage: "sent" });
  });

  test("sends all subscriptions again on another connection, and no Unsubscribe of the one before", () => {
    const { clock, queries, next } = querySet();
    for (const key of [a, b]) queries.watch(key);
    expect(next()).toEqual(subscribe([1, "x:a"], [2, "x:b"]));
    queries.unwatch(a);
    clock.advance(UNMOUNT_GRACE);
    queries.lost();
    expect([next(), next()]).toEqual([subscribe([2, "x:b"]), undefined]);
  });

  test("releases unwatched queries before it refuses any, and before it subscribes to more", () => {
    const { clock, released, refused, queries, next } = querySet();
    const one = { subscriptions: 1 };
    queries.watch(a);
    next(one);
    queries.watch(b);
    expect([next(one), refused]).toEqual([undefined, [[b, "unavailable"]]]);
    queries.unwatch(a);
    expect([next(one), next(one)]).toEqual([unsubscribe(1), subscribe([2, "x:b"])]);
    expect([released, clock.waiting]).toEqual([[a], 0]);
  });

  test("sends as many at once as fit into a frame, and refuses a query that fits into none", () => {
    const { refused, queries, next } = querySet();
    const big = `x:big{"text":"${"x".repeat(200)}"}` as QueryKey;
    for (const key of [a, big, b, c]) queries.watch(key);
    const small = { frameBytes: 300 };
    expect([next(small), next(small), next(small)]).toEqual([
      subscribe([1, "x:a"], [3, "x:b"]),
      subscribe([4, "x:c"]),
      undefined,
    ]);
    expect(refused).toEqual([[big, "badRequest"]]);
  });

  test("refuses a query with larger arguments than the server keeps, before it is sent", () => {
    const { refused, queries, next } = querySet();
    const args = (bytes: number) => `{"text":"${"語".repeat((bytes - 11) / 3)}"}`;
    const [fits, larger] = [`x:fits${args(101)}` as QueryKey, `x:larger${args(104)}` as QueryKey];
    for (const key of [fits, larger]) queries.watch(key);
    const sent = next({ queryArgsBytes: 101 });
    expect(sent).toMatchObject({ queries: [{ path: "x:fits" }] });
    expect(refused).toEqual([[larger, "badRequest"]]);
  });
});
