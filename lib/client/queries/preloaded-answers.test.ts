import { beforeEach, describe, expect, test } from "vitest";
import type { PreloadedAnswer } from "../../protocol/preloaded.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import type { RenderedAnswer } from "./answer.ts";
import { PreloadedAnswers } from "./preloaded-answers.ts";
import { shownAnswer } from "./query-record.ts";
import { QuerySet } from "./query-set.ts";
import { ServerAnswers } from "./server-answers.ts";

let queries: QuerySet;
let preloaded: PreloadedAnswers;

beforeEach(() => {
  queries = new QuerySet(new HandClock(), { sent: () => {}, released: () => {}, refuse: () => {} });
  preloaded = new PreloadedAnswers(queries, new ServerAnswers(queries));
});

function payload(value: unknown, more: Partial<PreloadedAnswer> = {}): PreloadedAnswer {
  const rest = { token: JSON.stringify(value), epoch: "e", at: 1, identity: "alice" };
  return { path: "x:a", args: { since: { $t: ["date", 0] } }, text: JSON.stringify(value), ...rest, ...more };
}

const shown = ({ key }: RenderedAnswer) => shownAnswer(queries.get(key));

describe("preloaded answers", () => {
  test("are decoded once, under the key of the browser's own query", () => {
    const given = payload({ at: { $t: ["date", 7] } });
    const read = preloaded.read(given);
    expect(read).toMatchObject({
      key: 'x:a{"since":{"$t":["date",0]}}',
      answer: { result: { data: { at: new Date(7) } } },
    });
    expect(preloaded.read(given)).toBe(read);
  });

  test("that equal the held answer are that object", () => {
    const first = preloaded.read(payload([1]));
    preloaded.take(first, "alice");
    expect(preloaded.read(payload([1])).answer).toBe(first.answer);
  });

  test("of the connection's identity stay once a connection confirms it; of another they cost one reconnect, then they are dropped", () => {
    const alice = preloaded.read(payload(1));
    const bob = preloaded.read(payload(2, { identity: "bob", args: {} }));
    for (const read of [alice, bob]) preloaded.take(read, undefined);
    expect([shown(alice), shown(bob)]).toEqual([alice.answer, bob.answer]);
    expect(preloaded.verify("alice")).toBe(true);
    expect([shown(alice), shown(bob)]).toEqual([alice.answer, bob.answer]);
    expect(preloaded.verify("alice")).toBe(false);
    expect([shown(alice), shown(bob)]).toEqual([alice.answer, undefined]);
    preloaded.take(bob, "alice");
    expect(shown(bob)).toBeUndefined();
  });

  test("of one other identity cost one reconnect together", () => {
    const all = [1, 2].map((n) => preloaded.read(payload(n, { identity: "bob", args: { n } })));
    for (const read of all) preloaded.take(read, "alice");
    expect(preloaded.verify("alice")).toBe(true);
    expect(all.map(shown)).toEqual(all.map(({ answer }) => answer));
    expect(preloaded.verify("alice")).toBe(false);
    expect(all.map(shown)).toEqual([undefined, undefined]);
  });

  test("of a missed identity are taken again once a connection has that identity", () => {
    const bob = preloaded.read(payload(2, { identity: "bob" }));
    preloaded.take(bob, undefined);
    preloaded.verify("alice");
    expect(preloaded.verify("bob")).toBe(false);
    expect(shown(bob)).toBe(bob.answer);
    const again = preloaded.read(payload(3, { identity: "bob", args: {} }));
    preloaded.take(again, "alice");
    expect(shown(again)).toBe(again.answer);
  });

  test("of one identity and epoch are replaced by newer ones only; those without watchers are bounded", () => {
    const [old, young] = [1, 2].map((at) => preloaded.read(payload(at, { at })));
    if (!old || !young) throw new Error("two were read");
    for (const read of [young, old]) preloaded.take(read, undefined);
    expect(shown(old)).toBe(young.answer);
    for (let n = 0; n < 100; n++) preloaded.take(preloaded.read(payload(n, { args: { n } })), undefined);
    expect(shown(old)).toBeUndefined();
  });
});
