import { beforeEach, describe, expect, test } from "vitest";
import type { QueryKey } from "../../functions/query-key.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { USUAL_LIMITS } from "../connection/connection.ts";
import { goodAnswer } from "./answer.ts";
import { UNMOUNT_GRACE } from "./query-limits.ts";
import { heldAnswer, shownAnswer } from "./query-record.ts";
import { QuerySet } from "./query-set.ts";
import { ServerAnswers } from "./server-answers.ts";

const a = "x:a{}" as QueryKey;
const b = "x:b{}" as QueryKey;

let clock: HandClock;
let queries: QuerySet;
let answers: ServerAnswers;

beforeEach(() => {
  clock = new HandClock();
  queries = new QuerySet(clock, {
    sent: (query) => answers.sent(query),
    released: (query) => answers.released(query),
    refuse: () => {},
  });
  answers = new ServerAnswers(queries);
  answers.connected("epoch-1");
});

/** Watches and subscribes; the ids are 1, 2, 3 … in order. */
function ask(...keys: QueryKey[]) {
  for (const key of keys) queries.watch(key);
  queries.next(USUAL_LIMITS);
}

function reconnect(epoch: string) {
  answers.lost();
  queries.lost();
  answers.connected(epoch);
  queries.next(USUAL_LIMITS);
}

const shown = (key: QueryKey) => shownAnswer(queries.get(key));
const data = (key: QueryKey) => shown(key)?.result.data;
const value = (live: number, value: number, token = `h${value}`) => ({ live, token, value });
const rendered = (value: number, at: number, epoch = "epoch-1") => ({
  answer: goodAnswer(undefined, value, `h${value}`),
  at,
  epoch,
});

describe("the server's answers", () => {
  test("change whole or not at all", () => {
    ask(a, b);
    const maps: [number, number][] = [
      [1, 1],
      [2, 2],
    ];
    expect(() => answers.apply({ at: 3, maps, answers: [value(1, 1)] })).toThrow();
    expect([data(a), data(b)]).toEqual([undefined, undefined]);
    answers.apply({ at: 2, maps, answers: [value(1, 1), value(2, 2)] });
    expect([data(a), data(b)]).toEqual([1, 2]);
    expect(() => answers.apply({ at: 1, answers: [value(1, 5)] })).toThrow("leads back");
    expect(() =>
      answers.apply({
        at: 3,
        answers: [value(1, 5), { live: 2, token: "", value: { $t: ["?"] } }],
      }),
    ).toThrow();
    expect([data(a), data(b)]).toEqual([1, 2]);
  });

  test("are refused before Connected", () => {
    ask(a);
    answers.lost();
    expect(() => answers.apply({ at: 1 })).toThrow("Connected");
  });

  test("of a confirmed token are those that were held when it was sent, also when others came in between", () => {
    answers.fill(a, rendered(1, 5));
    ask(a);
    answers.fill(a, rendered(2, 6));
    answers.apply({ at: 7, maps: [[1, 1]] });
    expect(data(a)).toBe(1);
  });

  test("are not confirmed where the server has none: after an error without data", () => {
    ask(a);
    const refused: [number, { kind: "badRequest"; message: string }][] = [[1, { kind: "badRequest", message: "No." }]];
    answers.apply({ at: 1, refused });
    reconnect("epoch-1");
    expect(() => answers.apply({ at: 2, maps: [[1, 1]] })).toThrow("without an answer");
    expect(shown(a)?.result.error?.kind).toBe("badRequest");
  });

  test("of two queries on one live query change together, and apart when it splits", () => {
    ask(a, b);
    const both: [number, number][] = [
      [1, 1],
      [2, 1],
    ];
    answers.apply({ at: 1, maps: both, answers: [value(1, 1)] });
    answers.apply({ at: 2, answers: [value(1, 2)] });
    expect([data(a), data(b)]).toEqual([2, 2]);
    answers.apply({ at: 3, maps: [[2, 5]], answers: [value(5, 9), value(1, 3)] });
    expect([data(a), data(b)]).toEqual([3, 9]);
  });

  test("report whether an answer older than the connection is shown that the connection will replace", () => {
    ask(a);
    expect(answers.isCatchingUp).toBe(false);
    answers.apply({ at: 1, maps: [[1, 1]], answers: [value(1, 1)] });
    reconnect("epoch-1");
    expect(answers.isCatchingUp).toBe(true);
    answers.apply({ at: 2, maps: [[1, 1]] });
    expect(answers.isCatchingUp).toBe(false);
  });

  test("of another identity are forgotten, watched or not", () => {
    ask(a);
    answers.apply({ at: 1, maps: [[1, 1]], answers: [value(1, 1)] });
    answers.fill(b, rendered(2, 1));
    reconnect("epoch-1");
    answers.forget();
    expect([a, b].map((key) => heldAnswer(queries.get(key)))).toEqual([undefined, undefined]);
  });

  test("are shown while the connection is lost, and until the next one has answered", () => {
    ask(a);
    answers.apply({ at: 1, maps: [[1, 1]], answers: [value(1, 1)] });
    reconnect("epoch-2");
    expect(data(a)).toBe(1);
    answers.apply({ at: 0, answers: [value(1, 7)] });
    expect(data(a)).toBe(1);
    answers.apply({ at: 0, maps: [[1, 1]], answers: [value(1, 8)] });
    expect(data(a)).toBe(8);
  });

  test("never go back within an epoch, not even over a reconnect", () => {
    ask(a);
    answers.apply({ at: 5, maps: [[1, 1]], answers: [value(1, 5)] });
    reconnect("epoch-1");
    answers.apply({ at: 4, maps: [[1, 1]], answers: [value(1, 4)] });
    expect(data(a)).toBe(5);
    answers.apply({ at: 6, answers: [value(1, 6)] });
    expect(data(a)).toBe(6);
  });

  test("without watchers are not shown, but win over an older render of the same epoch", () => {
    ask(a);
    answers.apply({ at: 5, maps: [[1, 1]], answers: [value(1, 5)] });
    queries.unwatch(a);
    clock.advance(UNMOUNT_GRACE);
    expect([data(a), heldAnswer(queries.get(a))?.token]).toEqual([undefined, "h5"]);
    answers.fill(a, rendered(3, 3));
    expect(data(a)).toBe(5);
    answers.fill(a, rendered(8, 8));
    expect(data(a)).toBe(8);
  });

  test("of a query that is refused again on another connection are replaced by a newer render", () => {
    ask(a);
    const refused: [number, { kind: "badRequest"; message: string }][] = [[1, { kind: "badRequest", message: "No." }]];
    answers.apply({ at: 1, refused });
    reconnect("epoch-2");
    answers.apply({ at: 1, refused });
    answers.fill(a, rendered(2, 2, "epoch-2"));
    expect(data(a)).toBe(2);
  });

  test("are cached for a hundred queries, not for more", () => {
    for (let n = 0; n <= 100; n++) answers.fill(`x:${n}{}` as QueryKey, rendered(n, 1));
    expect([data("x:0{}" as QueryKey), data("x:1{}" as QueryKey), data("x:100{}" as QueryKey)]).toEqual([
      undefined,
      1,
      100,
    ]);
  });

  test("of a render count as newer within an epoch only", () => {
    ask(a);
    answers.apply({ at: 5, maps: [[1, 1]], answers: [value(1, 5)] });
    answers.fill(a, rendered(9, 9, "epoch-2"));
    expect(data(a)).toBe(5);
    answers.fill(a, rendered(6, 6));
    expect(data(a)).toBe(6);
    answers.apply({ at: 6 });
    expect(data(a)).toBe(5);
  });
});
