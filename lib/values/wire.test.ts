import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyValue } from "../../tests/support/any-value.ts";
import { ValueError } from "./errors.ts";
import { MAX_DEPTH } from "./value-limits.ts";
import { fromWire, toWire, type Wire } from "./wire.ts";

/** Through text and back, as between server and browser. */
const travel = (value: unknown): unknown => fromWire(JSON.parse(JSON.stringify(toWire(value))));

describe("a value that can travel", () => {
  test("arrives as it left", () => {
    fc.assert(
      fc.property(anyValue, (value) => isDeepStrictEqual(travel(value), value)),
      { numRuns: 500 },
    );
  });

  test("is not changed by travelling", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const before = structuredClone(value);
        const wire = toWire(value);
        const wireBefore = structuredClone(wire);
        fromWire(wire);
        return isDeepStrictEqual(value, before) && isDeepStrictEqual(wire, wireBefore);
      }),
    );
  });

  test("travels as plain JSON", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const wire = toWire(value);
        return isDeepStrictEqual(JSON.parse(JSON.stringify(wire)), wire);
      }),
    );
  });

  test.each([
    ["zero with its sign", -0],
    ["not a number", Number.NaN],
    ["infinity", -Infinity],
    ["a date before 1970", new Date(-1)],
    ["a date that is none", new Date(Number.NaN)],
    ["a large bigint", -(10n ** 4095n)],
    ["no bytes", new Uint8Array()],
    ["more bytes than one call takes arguments", Uint8Array.from({ length: 70_000 }, (_, i) => i)],
    ["undefined by itself", undefined],
    ["undefined in an array", [undefined, 1]],
    ["undefined in a map", new Map([[undefined, undefined]])],
    ["a map whose keys are values", new Map<unknown, unknown>([[{ a: new Date(0) }, new Set([1n])]])],
    ["half of a surrogate pair", "\ud800"],
    ["an object that owns the key of the tags", { $t: ["date", 0], a: new Date(0) }],
    ["such an object in another", { $t: { $t: [] } }],
    ["an object with a method's name as key", { toString: 1, hasOwnProperty: 2 }],
  ])("may be %s", (_, value) => {
    expect(isDeepStrictEqual(travel(value), value)).toBe(true);
  });

  test("keeps the order of maps, sets and keys", () => {
    const value = { z: new Map([["b", 1]]).set("a", 2), a: new Set([2, 1]) };
    const arrived = travel(value) as typeof value;
    expect(Object.keys(arrived)).toEqual(["z", "a"]);
    expect([...arrived.z.keys()]).toEqual(["b", "a"]);
    expect([...arrived.a]).toEqual([2, 1]);
  });

  test("loses keys that hold undefined, wherever they stand", () => {
    expect(Object.keys(travel({ a: undefined, b: 1, c: undefined, d: new Date(0) }) as object)).toEqual(["b", "d"]);
    expect(travel({ $t: undefined })).toEqual({});
  });

  test("fills the holes of an array with undefined", () => {
    // biome-ignore lint/suspicious/noSparseArray: a hole is what this is about
    expect(isDeepStrictEqual(travel([1, , 2]), [1, undefined, 2])).toBe(true);
  });

  test("may have no prototype; it has one when it arrives", () => {
    expect(travel(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 });
  });

  test("is read through its getters, and has nothing under symbols", () => {
    const counter = Object.defineProperty({ [Symbol("hidden")]: 1 }, "at", {
      enumerable: true,
      get: () => new Date(7),
    });
    expect(travel(counter)).toEqual({ at: new Date(7) });
  });

  test("may be a Buffer; it arrives as bytes", () => {
    expect(travel({ image: Buffer.from([1, 255]) })).toEqual({ image: new Uint8Array([1, 255]) });
  });
});

describe("plain data", () => {
  test("is not copied on its way out or in", () => {
    const rows = [{ id: 1, tags: ["a"], author: { name: "Ines" } }, null, "text", 1.5, true];
    expect(toWire(rows)).toBe(rows);
    expect(fromWire(rows as Wire)).toBe(rows);
  });

  test("is shared beside what had to be copied", () => {
    const plain = { id: 1 };
    const wire = toWire({ plain, at: new Date(0), after: [plain] }) as Record<string, Wire>;
    expect(wire.plain).toBe(plain);
    const value = fromWire(wire) as Record<string, unknown>;
    expect(value.plain).toBe(plain);
    expect(value.after).toBe(wire.after);
  });
});

describe("what cannot travel", () => {
  class Money {
    amount = 1;
  }
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;

  test.each<[string, unknown, string]>([
    ["an instance of a class", { price: new Money() }, 'at "price" is an instance of Money, which cannot travel'],
    ["a promise", { rows: [1, Promise.resolve()] }, 'at "rows.1" is an instance of Promise'],
    ["an error", new Error("no"), "The value is an instance of Error"],
    ["other typed arrays", [new Float32Array(1)], 'at "0" is an instance of Float32Array'],
    ["a function", { a: { b: () => 1 } }, 'at "a.b" is a function'],
    ["a symbol", [[Symbol("s")]], 'at "0.0" is a symbol'],
    ["something in a map", { m: new Map([["k", new Money()]]) }, 'at "m.0.1" is an instance of Money'],
    ["something in a set", { s: new Set(["k", () => 1]) }, 'at "s.1" is a function'],
    ["something in an object that owns the key of the tags", { $t: { a: () => 1 } }, 'at "$t.a" is a function'],
    ["a bigint of too many digits", { n: 10n ** 4096n }, 'at "n" is a bigint of more than 4096 digits'],
    ["a cycle", cycle, `is nested deeper than ${MAX_DEPTH} levels (or is a cycle)`],
  ])("%s is refused, and its place is named", (_, value, message) => {
    expect(() => toWire(value)).toThrow(ValueError);
    expect(() => toWire(value)).toThrow(message);
  });

  test("its place is right after earlier places that were fine", () => {
    const value = { a: [{ b: 1 }, { b: new Date(0) }], c: { d: [() => 1] } };
    expect(() => toWire(value)).toThrow('at "c.d.0"');
  });
});

describe("a key that people chose", () => {
  const tagged = (tag: string) => JSON.parse(`{"${tag}":[{"id":1,"${tag}":{"at":2}}]}`);

  test.each(["constructor", "prototype", "toString", "hasOwnProperty"])("is data like any other: %s", (tag) => {
    expect(toWire(tagged(tag))).toEqual(tagged(tag));
    expect(isDeepStrictEqual(travel(tagged(tag)), tagged(tag))).toBe(true);
  });

  test("travels as an entry where it is __proto__, and arrives as a property of the object's own", () => {
    expect(toWire(JSON.parse('{"__proto__":1}'))).toEqual({ $t: ["object", [["__proto__", 1]]] });
    const arrived = travel(tagged("__proto__")) as object;
    expect(Object.keys(arrived)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(arrived)).toBe(Object.prototype);
    expect(isDeepStrictEqual(arrived, tagged("__proto__"))).toBe(true);
  });

  test("is __proto__ too beside a value that JSON does not have, and where it holds undefined", () => {
    const value = Object.defineProperty({ at: new Date(0) }, "__proto__", { value: new Date(1), enumerable: true });
    expect(isDeepStrictEqual(Object.entries(travel(value) as object).sort(), Object.entries(value).sort())).toBe(true);
    const absent = Object.defineProperty({ a: 1 }, "__proto__", { value: undefined, enumerable: true });
    expect(Object.keys(travel(absent) as object)).toEqual(["a"]);
  });

  test("is refused as __proto__ of a plain object on the wire", () => {
    expect(() => fromWire(JSON.parse('{"rows":[{"__proto__":{"admin":true}}]}'))).toThrow(
      'The value at "__proto__" is not known here.',
    );
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});

describe("depth", () => {
  const nested = (levels: number, wrap: (inner: unknown) => unknown): unknown =>
    Array.from({ length: levels }).reduce((inner) => wrap(inner), 1 as unknown);

  test.each<[string, (inner: unknown) => unknown, number]>([
    ["arrays", (inner) => [inner], MAX_DEPTH],
    ["objects", (inner) => ({ inner }), MAX_DEPTH],
    ["objects that own the key of the tags", (inner) => ({ $t: inner }), MAX_DEPTH],
    ["sets", (inner) => new Set([inner]), MAX_DEPTH / 2],
    ["maps", (inner) => new Map([[inner, inner]]), MAX_DEPTH / 2],
  ])("of %s is bounded, and what may leave may also arrive", (_, wrap, levels) => {
    // A map holds its inner value twice: 2^32 of them would never end.
    const inner = levels === MAX_DEPTH / 2 && wrap(1) instanceof Map ? (i: unknown) => new Map([[0, i]]) : wrap;
    const deepest = nested(levels, inner);
    expect(isDeepStrictEqual(travel(deepest), deepest)).toBe(true);
    expect(() => toWire(nested(levels + 1, inner))).toThrow(`nested deeper than ${MAX_DEPTH} levels`);
  });

  test("of what arrives is bounded before it is followed", () => {
    const bomb = JSON.parse(`${"[".repeat(5_000)}${"]".repeat(5_000)}`) as Wire;
    expect(() => fromWire(bomb)).toThrow(`nested deeper than ${MAX_DEPTH} levels`);
    const tagged = JSON.parse(`${'{"$t":["set",['.repeat(2_000)}${"]]}".repeat(2_000)}`) as Wire;
    expect(() => fromWire(tagged)).toThrow(`nested deeper than ${MAX_DEPTH} levels`);
  });
});

describe("a malformed tag", () => {
  test.each<[string, Wire]>([
    ["a date that is text", { $t: ["date", "1970"] }],
    ["a bigint that is a number", { $t: ["bigint", 1] }],
    ["a bigint with letters", { $t: ["bigint", "0x10"] }],
    ["a bigint of too many digits", { $t: ["bigint", "1".repeat(4097)] }],
    ["a number with another name", { $t: ["number", "toString"] }],
    ["bytes that are not base64", { $t: ["bytes", "?"] }],
    ["a map without pairs", { $t: ["map", [[1]]] }],
    ["a set that is an object", { $t: ["set", {}] }],
    ["entries without a name", { $t: ["object", [[1, 1]]] }],
    ["a tag of a later version", { $t: ["temporal", "2026-11-01"] }],
    ["an empty tag", { $t: [] }],
    ["a tag that is text", { $t: "date" }],
    ["a tag that is null", { $t: null }],
  ])("is refused: %s", (_, wire) => {
    expect(() => fromWire({ here: [wire] })).toThrow(ValueError);
  });
});
