import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createFunctions } from "../../functions/define.ts";
import { createReferences } from "../../functions/reference.ts";
import { Registry } from "./registry.ts";

const { query, mutation, internalQuery } = createFunctions<Record<string, never>>();
const list = query({ handler: () => [] });
const send = mutation({ handler: () => null });
const secret = internalQuery({ handler: () => null });
const homeless = query({ handler: () => null });
const registry = new Registry({
  messages: { list, send, limit: 50, schema: z.object({}), helper: () => null },
  "admin/users": { list: secret },
  channels: { all: list },
});
// biome-ignore lint/suspicious/noExplicitAny: any path, those that there are not included
const api = createReferences<any>();

describe("the registry", () => {
  test("finds functions by path and kind, and nothing else that modules export", () => {
    expect(registry.size).toBe(4);
    expect(registry.find("query", "messages:list")).toBe(list);
    expect(registry.find("query", "admin/users:list")).toBe(secret);
    expect(registry.find("mutation", "messages:list")).toBeUndefined();
    expect(registry.find("query", "messages:helper")).toBeUndefined();
  });

  test.each([
    "__proto__",
    "constructor",
    "toString",
    "messages:__proto__",
    "messages:toString",
    "messages",
    ":list",
    "",
  ])("finds nothing at %j", (path) => {
    for (const kind of ["query", "mutation", "action"] as const) expect(registry.find(kind, path)).toBeUndefined();
  });

  test("knows the path of a function, given itself or its reference", () => {
    expect(registry.pathsOf(send, "mutation")).toEqual(["messages:send"]);
    expect(registry.pathsOf(api.messages.send, "mutation")).toEqual(["messages:send"]);
    expect(registry.pathsOf(api.admin.users.list, "query")).toEqual(["admin/users:list"]);
  });

  test("knows every path of a function that two files export: clients may watch either", () => {
    expect(registry.pathsOf(list, "query")).toEqual(["messages:list", "channels:all"]);
    expect(registry.pathsOf(api.channels.all, "query")).toEqual(["channels:all"]);
  });
});

describe("what is no function here is told so that the author knows what to do", () => {
  const expectation = (found: string, kind = "query") =>
    `Expected a ${kind} that a file under convex/ exports, or its reference (api.file.name). Found ${found}. Export it, or pass its reference.`;

  test.each<[string, unknown, string]>([
    ["a function that no file exports", homeless, "a query without a path"],
    ["nothing", undefined, "a value of type undefined"],
    ["null", null, "null"],
    ["a path as text", "messages:list", "a value of type string"],
    ["a plain function", () => [], "a value of type function"],
    ["half a reference", api.messages, "a value of type object"],
  ])("%s", (_, target, found) => {
    expect(() => registry.pathsOf(target, "query")).toThrow(new TypeError(expectation(found)));
  });

  test.each<[string, unknown, string]>([
    ["a reference to what is not there", api.messages.lst, "messages:lst"],
    ["a function of another kind", send, "messages:send"],
    ["a reference to a function of another kind", api.messages.send, "messages:send"],
  ])("%s", (_, target, path) => {
    expect(() => registry.pathsOf(target, "query")).toThrow(
      new TypeError(`Expected a query. There is no query at "${path}": check the name and what it exports.`),
    );
  });
});
