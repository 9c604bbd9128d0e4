import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createFunctions } from "../../functions/define.ts";
import { BadRequestError } from "../../protocol/function-error.ts";
import { argumentTexts, parseArguments, parseMatch, readArguments } from "./arguments.ts";
import { perform } from "./run.ts";

const { query } = createFunctions<Record<string, never>>();
const list = query({
  args: z.object({
    channel: z.string().min(1),
    limit: z.number().max(100).default(50),
    before: z.date().optional(),
    tags: z.array(z.object({ name: z.string().toLowerCase() })).optional(),
  }),
  handler: () => null,
});
const nothing = query({ handler: () => null });

/** The error that is thrown. Tests compare its message and its issues. */
function refusal(body: () => unknown): BadRequestError {
  try {
    body();
  } catch (error) {
    if (error instanceof BadRequestError) return error;
    throw error;
  }
  throw new Error("Expected a refusal.");
}

describe("arguments as they came over the wire", () => {
  test("are values again", () => {
    expect(readArguments({ before: { $t: ["date", 7] } }, 64)).toEqual({ before: new Date(7) });
  });

  test("are refused when they are malformed", () => {
    const { message, issues } = refusal(() => readArguments({ before: { $t: ["date", "7"] } }, 64));
    expect(message).toBe('The arguments are malformed. The value at "$t" is not known here.');
    expect(issues).toEqual([]);
  });
});

describe("a schema with an asynchronous part", () => {
  const late = query({
    args: z.object({ name: z.string().refine(async () => true) }),
    returns: z.string().refine(async () => true),
    handler: () => "",
  });

  test("is named, with what to do", async () => {
    const sentence = "without asynchronous refinements and transforms. Found one that returns a promise. Do that check";
    expect(() => parseArguments(late, "m:late", { name: "a" })).toThrow(`Expected \`args\` of m:late ${sentence}`);
    expect(() => parseMatch(late, "m:late", { name: "a" })).toThrow(`Expected \`args\` of m:late ${sentence}`);
    await expect(perform({ fn: late, path: "m:late", args: {} }, {})).rejects.toThrow(
      `Expected \`returns\` of m:late ${sentence}`,
    );
  });
});

describe("arguments of a call", () => {
  test("are parsed: defaults and transforms are applied", () => {
    expect(parseArguments(list, "m:list", { channel: "a", tags: [{ name: "NEW" }] })).toEqual({
      channel: "a",
      limit: 50,
      tags: [{ name: "new" }],
    });
  });

  test("that do not parse are told with their places", () => {
    const { message, issues } = refusal(() => parseArguments(list, "m:list", { channel: "a", tags: [{ name: 1 }] }));
    expect(message).toMatch(/^m:list does not accept these arguments\. "tags\.0\.name": .*expected string/);
    expect(issues).toMatchObject([{ path: ["tags", 0, "name"] }]);
  });

  test("that the function does not accept are named", () => {
    const { message } = refusal(() => parseArguments(list, "m:list", { channel: "a", chanel: "b" }));
    expect(message).toBe('m:list does not accept these arguments. Unrecognized key: "chanel"');
  });

  test("are told at most twenty problems", () => {
    const tags = Array(100).fill({ name: 1 });
    expect(refusal(() => parseArguments(list, "m:list", { channel: "a", tags })).issues).toHaveLength(20);
  });

  test("are empty where a function takes none, given or not", () => {
    expect(parseArguments(nothing, "m:all", {})).toEqual({});
    expect(parseArguments(nothing, "m:all", { channel: undefined })).toEqual({});
    expect(refusal(() => parseArguments(nothing, "m:all", { channel: "a" })).message).toBe(
      "m:all takes no arguments. Found: channel.",
    );
  });
});

describe("arguments of an invalidation", () => {
  const texts = (partial: Record<string, unknown>) => Object.fromEntries(parseMatch(list, "m:list", partial));

  test("are parsed by the query's own fields, and only those that are given", () => {
    expect(texts({ channel: "a" })).toEqual({ channel: '"a"' });
    expect(texts({ tags: [{ name: "NEW" }] })).toEqual({ tags: '[{"name":"new"}]' });
    expect(texts({})).toEqual({});
  });

  test("count as absent when they are undefined, even where the query has a default", () => {
    expect(texts({ channel: undefined, limit: undefined })).toEqual({});
  });

  test("compare as the parsed arguments of a live query do", () => {
    const parsed = parseArguments(list, "m:list", { channel: "a", before: new Date(7) });
    const live = argumentTexts(parsed);
    for (const partial of [{ channel: "a" }, { limit: 50 }, { before: new Date(7) }]) {
      for (const [name, text] of parseMatch(list, "m:list", partial)) expect(live.get(name)).toBe(text);
    }
    expect([...argumentTexts({ a: undefined }).keys()]).toEqual([]);
  });

  test("compare alike however long they are, and are kept short", () => {
    const long = (end: string) => `${"x".repeat(5_000)}${end}`;
    const [text] = argumentTexts({ channel: long("a") }).values();
    expect(text?.length).toBeLessThan(100);
    expect(texts({ channel: long("a") })).toEqual({ channel: text });
    expect(texts({ channel: long("b") })).not.toEqual({ channel: text });
    // A short argument is not equal to the shortened form of a long one.
    expect(texts({ channel: text })).not.toEqual({ channel: text });
  });

  test("that do not parse are told in the mutation, with their places", () => {
    const { message, issues } = refusal(() => texts({ channel: "" }));
    expect(message).toMatch(/^invalidate\(m:list, …\) does not accept these arguments\. "channel": Too small/);
    expect(issues).toMatchObject([{ path: ["channel"] }]);
  });

  test.each(["author", "toString", "__proto__", "constructor"])("that the query does not have are told: %s", (name) => {
    const partial = JSON.parse(`{"${name}":1}`);
    expect(refusal(() => texts(partial)).message).toBe(`invalidate(m:list, …): the query has no argument "${name}".`);
    expect(() => parseMatch(nothing, "m:all", partial)).toThrow(BadRequestError);
  });
});
