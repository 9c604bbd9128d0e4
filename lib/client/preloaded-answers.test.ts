import { describe, expect, test } from "vitest";
import type { PreloadedAnswer } from "../protocol/preloaded.ts";
import { goodAnswer } from "./answer.ts";
import { PreloadedAnswers } from "./preloaded-answers.ts";

const nobody = () => false;
const none = () => undefined;

function payload(value: unknown, more: Partial<PreloadedAnswer> = {}): PreloadedAnswer {
  const rest = { hash: JSON.stringify(value), epoch: "e", at: 1, identity: "alice" };
  return { path: "x:a", args: { since: { $t: ["date", 0] } }, text: JSON.stringify(value), ...rest, ...more };
}

describe("preloaded answers", () => {
  test("are read once, under the key that the browser's own question has", () => {
    const preloaded = new PreloadedAnswers();
    const given = payload({ at: { $t: ["date", 7] } });
    const read = preloaded.read(given, none);
    expect(read).toMatchObject({
      key: 'x:a{"since":{"$t":["date",0]}}',
      answer: { result: { data: { at: new Date(7) } } },
    });
    expect(preloaded.read(given, none)).toBe(read);
  });

  test("that equal what we hold are what we hold", () => {
    const held = goodAnswer(undefined, [1], "[1]");
    expect(new PreloadedAnswers().read(payload([1]), () => held).answer).toBe(held);
  });

  test("of our identity leave once a connection says so; of another they cost one reconnect, then they are gone", () => {
    const preloaded = new PreloadedAnswers();
    const alice = preloaded.read(payload(1), none);
    const bob = preloaded.read(payload(2, { identity: "bob", args: {} }), none);
    preloaded.hold(alice, nobody);
    preloaded.hold(bob, nobody);
    expect(preloaded.verify("alice")).toEqual({ ours: [alice], reconnect: true });
    expect([preloaded.answer(alice.key), preloaded.answer(bob.key)]).toEqual([undefined, bob.answer]);
    expect(preloaded.verify("alice")).toEqual({ ours: [], reconnect: false });
    expect(preloaded.answer(bob.key)).toBeUndefined();
    expect(preloaded.hold(bob, nobody)).toBe(false);
  });

  test("of somebody we have become are welcome again", () => {
    const preloaded = new PreloadedAnswers();
    const bob = preloaded.read(payload(2, { identity: "bob" }), none);
    preloaded.hold(bob, nobody);
    preloaded.verify("alice");
    expect(preloaded.verify("bob")).toEqual({ ours: [bob], reconnect: false });
    expect(preloaded.hold(bob, nobody)).toBe(true);
  });

  test("of one identity and epoch give way to newer ones only; those that nobody watches are bounded", () => {
    const preloaded = new PreloadedAnswers();
    const [old, young] = [1, 2].map((at) => preloaded.read(payload(at, { at }), none));
    if (!old || !young) throw new Error("two were read");
    preloaded.hold(young, nobody);
    preloaded.hold(old, nobody);
    expect(preloaded.answer(old.key)).toBe(young.answer);
    for (let n = 0; n < 100; n++) preloaded.hold(preloaded.read(payload(n, { args: { n } }), none), nobody);
    expect(preloaded.answer(old.key)).toBeUndefined();
  });
});
