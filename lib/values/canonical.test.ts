import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyValue } from "../../tests/support/any-value.ts";
import { canonical } from "./canonical.ts";
import { ValueError } from "./errors.ts";
import { fromWire } from "./wire.ts";

/** The same value with the keys of every object in reverse order, and with one more key that holds undefined. */
function retold(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(retold);
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [retold(k), retold(v)]));
  if (value instanceof Set) return new Set([...value].map(retold));
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, retold(item)]);
  return Object.fromEntries([...entries, ["absent", undefined]].reverse());
}

describe("canonical text", () => {
  test("is the same however an object was put together", () => {
    fc.assert(fc.property(anyValue, (value) => canonical(retold(value)) === canonical(value)));
  });

  test("can be read back, so that two different values never have the same", () => {
    fc.assert(
      fc.property(anyValue, (value) => isDeepStrictEqual(fromWire(JSON.parse(canonical(value))), value)),
      { numRuns: 500 },
    );
  });

  test("tells apart what looks alike", () => {
    const lookalikes = [
      [0, -0, "0", 0n, false, null, "", new Date(0), [], {}, new Set(), new Map(), new Uint8Array(), undefined],
      [Number.NaN, "NaN", new Date(Number.NaN), Infinity],
      [[1, 2], [2, 1], ["1,2"], [[1], 2], new Set([1, 2]), { 0: 1, 1: 2 }],
      [{ a: 1, b: 2 }, { a: 1 }, { "a,b": 1 }, { $t: ["date", 0] }, { a: { b: 2 } }],
    ].flat();
    expect(new Set(lookalikes.map(canonical)).size).toBe(lookalikes.length);
  });

  test("sorts keys on every machine alike: indexes by number, others by their code units", () => {
    expect(canonical({ b: 1, a: { d: [], c: null }, "10": 0, "9": 0, Z: 0, é: 0 })).toBe(
      '{"9":0,"10":0,"Z":0,"a":{"c":null,"d":[]},"b":1,"é":0}',
    );
  });

  test("is the same for a key that holds undefined and an absent key", () => {
    expect(canonical({ a: undefined })).toBe("{}");
    expect(canonical({ b: 1, a: undefined })).toBe(canonical({ b: 1 }));
  });

  test("sorts the keys of an object that owns the key of the tags", () => {
    expect(canonical({ $t: 1, a: 2 })).toBe(canonical({ a: 2, $t: 1 }));
  });

  test("exists only for a value that can travel", () => {
    expect(() => canonical({ when: () => 1 })).toThrow(ValueError);
  });
});
