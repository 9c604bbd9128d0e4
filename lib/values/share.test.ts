import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyValue } from "../../tests/support/any-value.ts";
import { share } from "./share.ts";
import { toWire } from "./wire.ts";

interface Row {
  id: number;
  text: string;
  tags: string[];
}
/** Few ids and few texts, so that rows recur. Ids may repeat, as in the rows of a join. */
const anyRows: fc.Arbitrary<Row[]> = fc.array(
  fc
    .tuple(fc.nat(5), fc.constantFrom("a", "b"), fc.constantFrom("x", "y"))
    .map(([id, text, tag]) => ({ id, text, tags: [tag] })),
  { maxLength: 8 },
);

describe("sharing with an earlier value", () => {
  test("never changes what the value is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(anyValue, anyValue), fc.tuple(anyRows, anyRows)), ([previous, next]) =>
        isDeepStrictEqual(share(previous, next), next),
      ),
      { numRuns: 500 },
    );
  });

  test("returns the earlier value itself when nothing changed", () => {
    fc.assert(
      fc.property(fc.oneof(anyValue, anyRows), (value) => Object.is(share(value, structuredClone(value)), value)),
      { numRuns: 500 },
    );
  });

  test("keeps nothing whose wire text would be another, not even for the order of its keys", () => {
    const previous = { id: 1, name: "a", tags: ["x"] };
    const next = { name: "a", id: 1, tags: ["x"] };
    expect(JSON.stringify(share(previous, next))).toBe(JSON.stringify(next));
    fc.assert(
      fc.property(anyValue, anyValue, (before, after) => {
        expect(JSON.stringify(toWire(share(before, after)))).toBe(JSON.stringify(toWire(after)));
      }),
      { numRuns: 500 },
    );
  });

  test("touches neither of the two", () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(anyValue, anyValue), fc.tuple(anyRows, anyRows)), ([previous, next]) => {
        const before = structuredClone([previous, next]);
        share(previous, next);
        return isDeepStrictEqual([previous, next], before);
      }),
    );
  });

  test("keeps each row that did not change, wherever it stands now", () => {
    const rowsById = anyRows.map((rows) => [...new Map(rows.map((row) => [row.id, row])).values()]);
    fc.assert(
      fc.property(rowsById, rowsById, (previous, next) => {
        const byId = new Map(previous.map((row) => [row.id, row]));
        return share(previous, next).every((row) => {
          const earlier = byId.get(row.id);
          return earlier === undefined || (row === earlier) === isDeepStrictEqual(row, earlier);
        });
      }),
    );
  });
});

describe("rows", () => {
  const [a, b, c] = ["a", "b", "c"].map((id) => ({ id, likes: { count: 1 } })) as [object, object, object];
  const again = (rows: object[]) => structuredClone(rows);

  test.each<[string, object[], object[]]>([
    ["one is put in front", [a, b], [c, a, b]],
    ["one is deleted", [a, b, c], [a, c]],
    ["their order is reversed", [a, b, c], [c, b, a]],
  ])("keep their identity when %s", (_, previous, next) => {
    const shared = share(previous, again(next));
    expect(shared).not.toBe(previous);
    next.forEach((row, i) => {
      if (previous.includes(row)) expect(shared[i]).toBe(row);
    });
  });

  test("keep the parts that did not change", () => {
    const previous = [{ _id: 1n, author: { name: "Ines" }, text: "old" }];
    const [row] = share(previous, [{ _id: 1n, author: { name: "Ines" }, text: "new" }]);
    expect(row).toEqual({ _id: 1n, author: { name: "Ines" }, text: "new" });
    expect(row?.author).toBe(previous[0]?.author);
  });

  test("may be named by `_id`", () => {
    const previous = [
      { _id: "a", text: "first" },
      { _id: "b", text: "second" },
    ];
    const [b, a] = share(previous, again([...previous].reverse()));
    expect([a, b]).toEqual(previous);
    expect([a === previous[0], b === previous[1]]).toEqual([true, true]);
  });

  test("without an id are matched by their place", () => {
    const previous = [{ name: "a" }, { name: "b" }];
    const shared = share(previous, [{ name: "a" }, { name: "c" }]);
    expect(shared[0]).toBe(previous[0]);
    expect(shared[1]).toEqual({ name: "c" });
  });

  test("with the same id, as in a join, do not count as changed", () => {
    const previous = [
      { id: 1, text: "first" },
      { id: 1, text: "second" },
    ];
    expect(share(previous, again(previous))).toBe(previous);
  });
});

describe("an object", () => {
  test("of which one key changed keeps the others", () => {
    const previous = { page: [{ id: 1 }], isDone: false };
    const shared = share(previous, { page: [{ id: 1 }], isDone: true });
    expect(shared.page).toBe(previous.page);
  });

  test("with another key in place of one that holds undefined is another object", () => {
    const previous = { a: undefined };
    expect(share<object>(previous, { b: undefined })).toEqual({ b: undefined });
    expect(Object.keys(share<object>(previous, { b: undefined }))).toEqual(["b"]);
  });

  test("is not taken for an array, nor a date for another", () => {
    expect(share([], {})).toEqual({});
    expect(share({}, [])).toEqual([]);
    expect(share(new Date(1), new Date(2))).toEqual(new Date(2));
    const invalid = new Date(Number.NaN);
    expect(share(invalid, new Date(Number.NaN))).toBe(invalid);
  });

  test("is not compared with what every object inherits", () => {
    const next = { toString: {}, valueOf: 1 };
    expect(share({}, next)).toEqual(next);
  });

  test.each(["__proto__", "constructor"])(
    "with a key that is %s is never part of what every object inherits",
    (key) => {
      const next = Object.fromEntries([[key, {}]]);
      const shared = share<Record<string, unknown>>({}, next);
      expect(shared).toBe(next);
      expect(Object.is(Object.values(shared)[0], Object.prototype)).toBe(false);
      expect(share(next, Object.fromEntries([[key, {}]]))).toBe(next);
    },
  );
});
