import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createReferences } from "../../functions/reference.ts";
import { canonical } from "../../values/canonical.ts";
import { keyOf, pathFrom } from "./named-call.ts";

describe("what is no reference to a function", () => {
  const api = createReferences<{ messages: object }>();

  test.each<[string, unknown, string]>([
    ["a reference that came as a prop from a server component", {}, "import api in the client component instead"],
    ["a module", api.messages, "A module of api is not a function"],
    ["a path without a function", "messages", 'Found: "messages".'],
  ])("is told with what to do: %s", (_, reference, sentence) => {
    expect(() => pathFrom(reference)).toThrow(sentence);
  });
});

describe("the key of a query", () => {
  test("is its path and its arguments in canonical form", () => {
    expect(keyOf("messages:list", { limit: 5, channel: "general" })).toBe(
      'messages:list{"channel":"general","limit":5}',
    );
  });

  test("is the same for no arguments, empty ones, and ones that are undefined", () => {
    const keys = [undefined, {}, { channel: undefined }].map((args) => keyOf("channels:list", args));
    expect(new Set(keys).size).toBe(1);
  });

  test("differs as soon as the path or the arguments do", () => {
    const path = fc.constantFrom("a:b", "a:bb", "a/b:c", "aa:b");
    const args = fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom(1, "1", 1n, null), { noNullPrototype: true });
    fc.assert(
      fc.property(path, args, path, args, (a, x, b, y) => {
        return (keyOf(a, x) === keyOf(b, y)) === (a === b && canonical(x) === canonical(y));
      }),
      { numRuns: 500 },
    );
  });

  test("exists only for arguments that can travel", () => {
    expect(() => keyOf("a:b", { when: () => 1 })).toThrow('The arguments of a:b: The value at "when" is a function');
  });
});
