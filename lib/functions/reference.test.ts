import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createReferences, functionPath, pathOf } from "./reference.ts";

interface Api {
  messages: { list: object; send: object };
  admin: { list: object; users: { list: object; deep: { er: { list: object } } } };
}
const api = createReferences<Api>();

describe("a reference", () => {
  test("holds the path of its function: the file's path and the export's name", () => {
    expect(pathOf(api.messages.list)).toBe("messages:list");
    expect(pathOf(api.admin.users.list)).toBe("admin/users:list");
    expect(pathOf(api.admin.users.deep.er.list)).toBe("admin/users/deep/er:list");
  });

  test("to a file beside a folder of its name has its own path", () => {
    expect(pathOf(api.admin.list)).toBe("admin:list");
  });

  test("is the same object however often it is asked for, so that hooks may depend on it", () => {
    const properties = fc
      .stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/)
      .filter((name) => !["then", "toJSON"].includes(name));
    fc.assert(
      fc.property(fc.array(properties, { minLength: 2, maxLength: 5 }), (path) => {
        const walk = () => path.reduce((at, name) => (at as Record<string, object>)[name] as object, api as object);
        const address = `${path.slice(0, -1).join("/")}:${path.at(-1)}`;
        const reference = walk();
        return walk() === reference && pathOf(reference) === address;
      }),
    );
  });

  test("of another `api` is another object with the same path", () => {
    const other = createReferences<Api>();
    expect(other.messages.list).not.toBe(api.messages.list);
    expect(pathOf(other.messages.list)).toBe(pathOf(api.messages.list));
  });

  test("can be read across copies of this module in one process", () => {
    expect((api.messages.list as unknown as Record<symbol, unknown>)[Symbol.for("convex-lite.functionPath")]).toBe(
      "messages:list",
    );
    expect(functionPath).toBe(Symbol.for("convex-lite.functionPath"));
  });

  test("is nothing that React, promises, iterators and JSON look for", async () => {
    const reference = api.messages.list as Record<PropertyKey, unknown>;
    for (const probe of [
      "then",
      "toJSON",
      "$$typeof",
      "$$id",
      Symbol.iterator,
      Symbol.toPrimitive,
      Symbol.toStringTag,
    ]) {
      expect(reference[probe]).toBeUndefined();
    }
    expect(await Promise.resolve(reference)).toBe(reference);
    expect(JSON.stringify({ reference })).toBe('{"reference":{}}');
    expect(Object.keys(reference)).toEqual([]);
    expect(inspect(reference)).toBe("{}");
    expect(structuredClone({ a: Object.keys(reference) })).toEqual({ a: [] });
  });

  test("cannot be written to", () => {
    expect(() => {
      (api.messages as Record<string, unknown>).list = 1;
    }).toThrow(TypeError);
    expect(pathOf(api.messages.list)).toBe("messages:list");
  });
});

describe("no path has", () => {
  test.each<[string, unknown]>([
    ["`api` itself", api],
    ["a file without an export", api.messages],
    ["undefined", undefined],
    ["null", null],
    ["text", "messages:list"],
    ["a plain object", {}],
    ["a function", () => {}],
    ["an object whose path is no text", { [functionPath]: 1 }],
  ])("%s", (_, value) => {
    expect(pathOf(value)).toBeUndefined();
  });
});
