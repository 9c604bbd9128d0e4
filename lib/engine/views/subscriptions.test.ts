import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Callers } from "../../auth/caller.ts";
import { createFunctions } from "../../functions/define.ts";
import type { WireError } from "../../protocol/outcome.ts";
import { AnswerTokens } from "../answers/answer-tokens.ts";
import { encodeAnswer, encodeError } from "../answers/encode-answer.ts";
import { LiveQuery } from "../queries/live-query.ts";
import { type Changes, type Subscription, Subscriptions } from "./subscriptions.ts";

const callers = new Callers("secret");
const tokens = new AnswerTokens("secret");

const fn = createFunctions<Record<string, never>>().query({ handler: () => null });
const notFound: WireError = { kind: "badRequest", message: "There is no such query." };

function live(id: number, value?: unknown): LiveQuery {
  const made = new LiveQuery(id, `${id}`, { fn, path: "m:list", args: {} }, new Map(), callers.of(null), false);
  if (value !== undefined) answer(made, value);
  return made;
}
/** Ends its run with this value. @returns the token of the answer. */
function answer(query: LiveQuery, value: unknown): string {
  const made = encodeAnswer(query.id, query.path, value, 1000, tokens);
  query.finish(made, 0);
  return made.token;
}
function fail(query: LiveQuery): void {
  query.finish(encodeError(query.id, { kind: "internal", incident: "i" }, false), 0);
}
const subscription = (query: number, token?: string): Subscription => ({
  query,
  path: "m:list",
  args: {},
  bytes: 2,
  token,
  live: undefined,
  mapped: false,
  moving: false,
});

function watching(to: LiveQuery, query = 1, token?: string) {
  const subscriptions = new Subscriptions();
  const mine = subscription(query, token);
  subscriptions.add(mine);
  subscriptions.bind(mine, to);
  return { subscriptions, mine };
}
/** The changes, with the numbers of queries alone. */
const told = ({ maps, refused, answers }: Changes) => ({
  maps,
  refused: refused.map(([query]) => query),
  answers: [...answers.keys()].map((query) => query.id),
});

describe("a new subscription", () => {
  test("is told its live query and the answer", () => {
    const { subscriptions } = watching(live(7, "value"));
    expect(subscriptions.hasNews).toBe(true);
    expect(told(subscriptions.takeChanges())).toEqual({ maps: [[1, 7]], refused: [], answers: [7] });
    expect(subscriptions.hasNews).toBe(false);
  });

  test("waits for an answer while there is none, and holds back no other subscription", () => {
    const slow = live(7);
    const { subscriptions } = watching(slow);
    subscriptions.add(subscription(2));
    subscriptions.bind(subscription(2), live(8, "value"));
    expect(subscriptions.incomplete).toBe(false);
    expect(told(subscriptions.takeChanges())).toEqual({ maps: [[2, 8]], refused: [], answers: [8] });
    answer(slow, "late");
    expect(told(subscriptions.takeChanges())).toEqual({ maps: [[1, 7]], refused: [], answers: [7] });
  });

  test("with the right token is told the map alone: the client has the value", () => {
    const query = live(7);
    const { subscriptions } = watching(query, 1, answer(query, "value"));
    expect(told(subscriptions.takeChanges())).toEqual({ maps: [[1, 7]], refused: [], answers: [] });
  });

  test("with another token is told the value", () => {
    const { subscriptions } = watching(live(7, "value"), 1, "older");
    expect(told(subscriptions.takeChanges()).answers).toEqual([7]);
  });

  test("to an error is told the error, token or not", () => {
    const query = live(7);
    fail(query);
    const { subscriptions } = watching(query, 1, "older");
    expect(told(subscriptions.takeChanges())).toEqual({ maps: [[1, 7]], refused: [], answers: [7] });
  });

  test("that shares a live query with another one is told the value once for both", () => {
    const { subscriptions } = watching(live(7, "value"));
    const second = subscription(2);
    subscriptions.add(second);
    subscriptions.bind(second, subscriptions.all()[0]?.live as LiveQuery);
    expect(told(subscriptions.takeChanges())).toEqual({
      maps: [
        [1, 7],
        [2, 7],
      ],
      refused: [],
      answers: [7],
    });
  });
});

describe("a changed answer", () => {
  test("alone can be told in the bytes that all clients get", () => {
    const query = live(7, "one");
    const { subscriptions } = watching(query);
    subscriptions.takeChanges();
    answer(query, "two");
    subscriptions.change(query);
    expect(subscriptions.takeSingleAnswer()).toBe(query.answer);
    expect(subscriptions.hasNews).toBe(false);
  });

  test("is told once, however often it changed since", () => {
    const query = live(7, "one");
    const { subscriptions } = watching(query);
    subscriptions.takeChanges();
    for (const value of ["two", "three"]) {
      answer(query, value);
      subscriptions.change(query);
    }
    expect(told(subscriptions.takeChanges()).answers).toEqual([7]);
    expect(subscriptions.takeSingleAnswer()).toBeUndefined();
  });

  test("that changed back before it was told is not told", () => {
    const query = live(7, "one");
    const { subscriptions } = watching(query);
    subscriptions.takeChanges();
    for (const value of ["two", "one"]) {
      answer(query, value);
      subscriptions.change(query);
    }
    expect(subscriptions.takeSingleAnswer()).toBeUndefined();
    expect(told(subscriptions.takeChanges())).toEqual({ maps: [], refused: [], answers: [] });
  });

  test("back to a value after an error is told", () => {
    const query = live(7, "one");
    const { subscriptions } = watching(query);
    subscriptions.takeChanges();
    fail(query);
    subscriptions.change(query);
    expect(told(subscriptions.takeChanges()).answers).toEqual([7]);
    answer(query, "one");
    subscriptions.change(query);
    expect(told(subscriptions.takeChanges()).answers).toEqual([7]);
  });

  test.each<[string, (subscriptions: Subscriptions) => void]>([
    [
      "a second answer",
      (subscriptions) => {
        const other = live(8, "x");
        const mine = subscription(2);
        subscriptions.add(mine);
        subscriptions.bind(mine, other);
        subscriptions.takeChanges();
        answer(other, "y");
        subscriptions.change(other);
      },
    ],
    ["a map", (subscriptions) => void subscriptions.bind(subscription(2), live(8, "x"))],
    ["a refusal", (subscriptions) => void subscriptions.refuse(subscription(2), notFound)],
  ])("beside %s needs a transition of its own", (_, more) => {
    const query = live(7, "one");
    const { subscriptions } = watching(query);
    subscriptions.takeChanges();
    more(subscriptions);
    answer(query, "two");
    subscriptions.change(query);
    expect(subscriptions.takeSingleAnswer()).toBeUndefined();
    expect(told(subscriptions.takeChanges()).answers).toContain(7);
  });

  test("of a live query that this client does not watch is not told", () => {
    const { subscriptions } = watching(live(7, "one"));
    subscriptions.takeChanges();
    subscriptions.change(live(9, "x"));
    expect(subscriptions.hasNews).toBe(false);
  });
});

describe("a subscription that moves to another live query", () => {
  test("keeps the client where it is until the new one has answered", () => {
    const { subscriptions, mine } = watching(live(7, "shared"));
    subscriptions.takeChanges();
    const own = live(8);
    expect(subscriptions.bind(mine, own)?.id).toBe(7);
    expect(subscriptions.incomplete).toBe(true);
    answer(own, "mine");
    expect(subscriptions.incomplete).toBe(false);
    expect(told(subscriptions.takeChanges())).toEqual({ maps: [[1, 8]], refused: [], answers: [8] });
  });

  test("still does when it moves twice before that", () => {
    const { subscriptions, mine } = watching(live(7, "shared"));
    subscriptions.takeChanges();
    subscriptions.bind(mine, live(8));
    subscriptions.bind(mine, live(9));
    expect(subscriptions.incomplete).toBe(true);
  });

  test("is told the map alone when the new answer equals the old", () => {
    const { subscriptions, mine } = watching(live(7, "same"));
    subscriptions.takeChanges();
    subscriptions.bind(mine, live(8, "same"));
    expect(told(subscriptions.takeChanges())).toEqual({ maps: [[1, 8]], refused: [], answers: [] });
  });

  test("leaves a live query only when no other subscription here watches it", () => {
    const shared = live(7, "x");
    const { subscriptions, mine } = watching(shared);
    const second = subscription(2);
    subscriptions.add(second);
    subscriptions.bind(second, shared);
    expect(subscriptions.of(shared)).toHaveLength(2);
    expect(subscriptions.bind(mine, live(8, "y"))).toBeUndefined();
    expect(subscriptions.delete(2)).toBe(shared);
    expect(subscriptions.of(shared)).toEqual([]);
  });
});

describe("a refusal", () => {
  test("is told, once", () => {
    const { subscriptions, mine } = watching(live(7, "x"));
    expect(subscriptions.refuse(mine, notFound)?.id).toBe(7);
    expect(told(subscriptions.takeChanges())).toEqual({ maps: [], refused: [1], answers: [] });
    expect(subscriptions.hasNews).toBe(false);
  });

  test("is over as soon as the function is there", () => {
    const { subscriptions, mine } = watching(live(7, "x"));
    subscriptions.refuse(mine, notFound);
    subscriptions.bind(mine, live(8, "y"));
    expect(told(subscriptions.takeChanges())).toEqual({ maps: [[1, 8]], refused: [], answers: [8] });
  });
});

describe("an unsubscribed query", () => {
  test("is told nothing more", () => {
    const query = live(7, "x");
    const { subscriptions, mine } = watching(query);
    expect(subscriptions.delete(1)).toBe(query);
    expect(subscriptions.has(1)).toBe(false);
    expect(subscriptions.hasNews).toBe(false);
    subscriptions.add(mine);
    subscriptions.refuse(mine, notFound);
    subscriptions.delete(1);
    expect(subscriptions.hasNews).toBe(false);
    expect(subscriptions.delete(99)).toBeUndefined();
  });
});

/** A client that follows PROTOCOL.md: it keeps the token of the value that each of its queries shows. */
class Client {
  readonly #maps = new Map<number, number>();
  readonly #values = new Map<number, string>();

  token(query: number): string | undefined {
    return this.#values.get(this.#maps.get(query) ?? 0);
  }

  apply(maps: Changes["maps"], answers: LiveQuery[]): void {
    const confirmed = maps.map(([query, to]) => [to, this.token(query)] as const);
    for (const [query, to] of maps) this.#maps.set(query, to);
    for (const [to, token] of confirmed) if (token !== undefined) this.#values.set(to, token);
    for (const { id, answer } of answers) if (answer?.ok) this.#values.set(id, answer.token);
    this.#forgetUnmapped();
  }

  unsubscribe(query: number): void {
    this.#maps.delete(query);
    this.#forgetUnmapped();
  }

  #forgetUnmapped(): void {
    const mapped = new Set(this.#maps.values());
    for (const id of this.#values.keys()) if (!mapped.has(id)) this.#values.delete(id);
  }
}

test("after every transition the client has the answer of each of its queries, after any events in between", () => {
  const which = fc.nat(5);
  const step = fc.oneof(
    { weight: 2, arbitrary: fc.record({ subscribe: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ unsubscribe: which }) },
    { weight: 3, arbitrary: fc.record({ run: fc.nat(2), value: fc.nat(1) }) },
    { weight: 2, arbitrary: fc.record({ move: which, to: fc.nat(2) }) },
    { weight: 3, arbitrary: fc.constant({ send: true }) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => {
      const lives = [1, 2, 3].map((id) => live(id));
      const subscriptions = new Subscriptions();
      const client = new Client();
      let queries = 0;
      const nth = (n: number) => subscriptions.all()[n % Math.max(1, subscriptions.size)];
      for (const each of steps) {
        if ("subscribe" in each) {
          const added = subscription(++queries);
          subscriptions.add(added);
          subscriptions.bind(added, lives[each.subscribe] as LiveQuery);
        } else if ("unsubscribe" in each) {
          const { query } = nth(each.unsubscribe) ?? {};
          if (query === undefined) continue;
          subscriptions.delete(query);
          client.unsubscribe(query);
        } else if ("run" in each) {
          const query = lives[each.run] as LiveQuery;
          answer(query, each.value);
          subscriptions.change(query);
        } else if ("move" in each) {
          const moved = nth(each.move);
          if (moved) subscriptions.bind(moved, lives[each.to] as LiveQuery);
        } else if (!subscriptions.incomplete) {
          const single = subscriptions.takeSingleAnswer();
          const { maps, answers } = subscriptions.takeChanges();
          if (single) expect([maps, answers]).toEqual([[], new Map()]);
          client.apply(maps, single ? lives.filter((each) => each.answer === single) : [...answers.keys()]);
          for (const { query, live: bound } of subscriptions.all()) {
            if (bound?.answer?.ok) expect(client.token(query)).toBe(bound.answer.token);
          }
        }
      }
    }),
    { numRuns: 1000 },
  );
});
