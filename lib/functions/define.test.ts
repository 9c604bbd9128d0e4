import { describe, expect, test } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import * as v3 from "zod/v3";
import { createFunctions, type Definition, isRegisteredFunction } from "./define.ts";

const { query, mutation, action, internalQuery, internalMutation, internalAction } =
  createFunctions<Record<string, never>>();
const handler = () => null;

/** A definition that the types refuse, as from a file whose types were not checked. */
const unchecked = (definition: unknown) =>
  definition as Definition<unknown, z.ZodObject | undefined, unknown, undefined, undefined>;

describe("a function", () => {
  test.each([
    [query, "query", "public"],
    [mutation, "mutation", "public"],
    [action, "action", "public"],
    [internalQuery, "query", "internal"],
    [internalMutation, "mutation", "internal"],
    [internalAction, "action", "internal"],
  ] as const)("knows its kind and who may name it: %#", (define, kind, visibility) => {
    expect(define({ handler })).toMatchObject({ kind, visibility, handler });
    expect(isRegisteredFunction(define({ handler }))).toBe(true);
  });

  test("cannot be changed after it was defined", () => {
    expect(Object.isFrozen(query({ handler }))).toBe(true);
  });

  test("is told from all other exports of a module", () => {
    for (const other of [undefined, null, 0, "query", handler, {}, [], { kind: "query", handler }, z.object({})]) {
      expect(isRegisteredFunction(other)).toBe(false);
    }
  });
});

describe("arguments", () => {
  const accepts = (args: z.ZodObject, value: unknown) => query({ args, handler }).args?.safeParse(value);

  test.each<[string, z.ZodObject]>([
    ["z.object", z.object({ channel: z.string() })],
    ["z.looseObject", z.looseObject({ channel: z.string() })],
    ["an object with a catchall", z.object({ channel: z.string() }).catchall(z.number())],
    ["an object with a refinement", z.object({ channel: z.string() }).refine(() => true)],
  ])("accept no unknown key, whatever the author's schema said: %s", (_, args) => {
    expect(accepts(args, { channel: "general" })?.success).toBe(true);
    expect(accepts(args, { channel: "general", limit: 1 })?.error?.issues).toMatchObject([
      { code: "unrecognized_keys", keys: ["limit"] },
    ]);
  });

  test("keep the checks of the whole object", () => {
    const args = z.object({ from: z.number(), to: z.number() }).refine(({ from, to }) => from <= to, "from > to");
    expect(accepts(args, { from: 2, to: 1 })?.error?.issues).toMatchObject([{ message: "from > to" }]);
  });

  test("leave the author's own schema as it was", () => {
    const args = z.object({ channel: z.string() });
    query({ args, handler });
    expect(args.safeParse({ channel: "general", limit: 1 }).success).toBe(true);
  });

  test("may be left out", () => {
    expect(query({ handler }).args).toBeUndefined();
  });
});

describe("a mistake in a definition is told when the file is loaded", () => {
  test("a handler that is missing", () => {
    expect(() => query(unchecked({}))).toThrow(
      "query({ handler }) expects handler to be a function. Found: undefined.",
    );
  });

  test("a function where the definition should be", () => {
    expect(() => mutation(unchecked(async () => null))).toThrow(
      "mutation({ handler }) expects handler to be a function. Found: undefined.",
    );
  });

  test.each<[string, unknown]>([
    ["fields without z.object", { channel: z.string() }],
    ["a schema that is no object", z.string()],
    ["an object that is transformed as a whole", z.object({ a: z.string() }).transform(({ a }) => a)],
    ["an optional object", z.object({}).optional()],
    ["null", null],
    ["text", "channel"],
  ])("arguments that are %s", (_, args) => {
    expect(() => action(unchecked({ args, handler }))).toThrow(
      "action({ args }) expects a zod object, such as z.object({ id: z.string() }), or nothing.",
    );
  });

  test.each<[string, unknown, string]>([
    ["a union", z.union([z.object({}), z.object({})]), "Found: a union. Put it in an argument, such as z.object("],
    ["zod/mini's", mini.object({}), 'Found: an object of zod/mini. Import z from "zod".'],
    ["transformed", z.object({}).transform(() => 1), "Found: a transformed schema. Transform its arguments one by one"],
    ["another schema", z.string(), "Found: a zod string."],
    ["zod 3's", v3.object({}), "Found: object, which is no schema of zod 4."],
  ])("what stands in the place of the arguments, and what to do: %s", (_, args, sentence) => {
    expect(() => query(unchecked({ args, handler }))).toThrow(sentence);
  });
});
