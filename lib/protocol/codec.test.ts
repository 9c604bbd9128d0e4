import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyValue } from "../../tests/support/any-value.ts";
import { MAX_DEPTH } from "../values/value-limits.ts";
import { fromWire, toWire } from "../values/wire.ts";
import { MessageDepthError, MessageTextError, parseMessageText } from "./codec.ts";

const deepest = 4 * MAX_DEPTH + 8;
const parsed = (text: string) => parseMessageText(text).value;
const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

describe("the text of a message", () => {
  test("is parsed as JSON", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = JSON.stringify({ type: "Mutate", args: toWire(value) });
        return JSON.stringify(parsed(text)) === text;
      }),
    );
  });

  test.each(["", "{", "undefined", "{'a':1}", '{"a":1}}', "NaN", '{"type":"Ping"}x', '"\\'])(
    "that is not JSON is refused: %j",
    (text) => {
      expect(() => parsed(text)).toThrow(new MessageTextError("The message is not JSON."));
    },
  );

  test("may be nested as deeply as the deepest value that can travel", () => {
    const objects = Array.from({ length: MAX_DEPTH }).reduce((inner) => ({ $t: inner }), 1 as unknown);
    const message = { type: "Subscribe", queries: [{ query: 1, path: "a:b", args: toWire(objects) }] };
    const read = parsed(JSON.stringify(message)) as typeof message;
    expect(fromWire(read.queries[0]?.args ?? null)).toEqual(objects);
  });

  test("is measured before it is parsed", () => {
    expect(parsed(nested(deepest))).toBeDefined();
    const tooDeep = `The message is nested deeper than ${deepest} levels.`;
    expect(() => parsed(nested(deepest + 1))).toThrow(new MessageDepthError(tooDeep));
    // It is no JSON either. The error names its depth, so it was not parsed.
    expect(() => parsed("[".repeat(500_000))).toThrow(new MessageDepthError(tooDeep));
    expect(() => parsed('{"a":'.repeat(500_000))).toThrow(MessageDepthError);
  });

  test("is as deep as the brackets that are open at the same time, not as all that are opened", () => {
    expect(parsed(`[${Array.from({ length: 1000 }, () => "[{}]").join(",")}]`)).toHaveLength(1000);
  });

  test("may hold any number of brackets in strings, in keys and after escaped quotes", () => {
    const text = "[{".repeat(1000);
    for (const value of [[text], { [text]: 1 }, [`\\"${text}`], [`\\`, text], [`"`, text], `${text}\\`]) {
      expect(parsed(JSON.stringify(value))).toEqual(value);
    }
  });

  test("does not hide nesting behind an escaped quote", () => {
    // If \" ended the string, the brackets after it would count as the content of the next one.
    expect(() => parsed(`["\\"",${nested(deepest + 1)}]`)).toThrow("nested deeper");
    expect(() => parsed(`["\\\\",${nested(deepest + 1)}]`)).toThrow("nested deeper");
  });

  test("weighs what it takes: its length, and more for each part of a list or an object, not for what is in texts", () => {
    const text = (content: string) => `{"args":{"a":"${content}"}}`;
    const long = text("x,[]{}:".repeat(1_000));
    expect(parseMessageText(long).weight).toBe(long.length + 2 * 64 + 2 * 16);
    const list = `[${"[],".repeat(1_000)}1]`;
    expect(parseMessageText(list).weight).toBe(list.length + 1_001 * 64 + 1_000 * 16);
    expect(parseMessageText(text("short")).weight).toBe(text("short").length);
  });
});
