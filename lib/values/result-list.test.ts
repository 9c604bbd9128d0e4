import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findList, type Splice, spliced } from "./result-list.ts";

/** Splices that do not touch one another, in a list of so many rows. */
const anySplices = (length: number): fc.Arbitrary<Splice<string>[]> =>
  fc
    .array(fc.tuple(fc.nat(length), fc.nat(2), fc.array(fc.string(), { maxLength: 3 })), { maxLength: 4 })
    .map((places) => {
      const splices: Splice<string>[] = [];
      let free = 0;
      for (const [at, removed, rows] of places.sort(([a], [b]) => a - b)) {
        if (at < free || at + removed > length) continue;
        splices.push({ at, removed, rows });
        free = at + removed + 1;
      }
      return splices;
    });

describe("splices", () => {
  test("lead to the same list as when they are applied one by one, and leave the one before as it was", () => {
    const change = fc.integer({ min: 0, max: 20 }).chain((n) => fc.tuple(fc.constant(n), anySplices(n)));
    fc.assert(
      fc.property(change, ([n, splices]) => {
        const before = Array.from({ length: n }, (_, i) => `${i}`);
        const after = [...before];
        for (const { at, removed, rows } of [...splices].reverse()) after.splice(at, removed, ...rows);
        expect(spliced(before, splices)).toEqual(after);
        expect(before).toEqual(Array.from({ length: n }, (_, i) => `${i}`));
      }),
    );
  });

  test("keep rows that are lists themselves", () => {
    expect(spliced([[1], [2]], [{ at: 1, removed: 1, rows: [[3, 4], []] }])).toEqual([[1], [3, 4], []]);
  });

  test("may insert and remove more rows than a call takes arguments", () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => i);
    expect(spliced(rows, [{ at: 0, removed: 200_000, rows: [1] }])).toEqual([1]);
    expect(spliced([1], [{ at: 1, removed: 0, rows }])).toHaveLength(200_001);
  });
});

describe("the list in a result", () => {
  test.each<[string, Parameters<typeof findList>[0], string | undefined, number | undefined]>([
    ["is the result itself", [1, 2], undefined, 2],
    ["is under the key of an object", { page: [1], isDone: true }, "page", 1],
    ["may be empty", { page: [], isDone: true }, "page", 0],
    ["is the longest", { a: [1], b: [1, 2], c: [1] }, "b", 2],
    ["is the first of the longest", { a: [], b: [1], c: [2] }, "b", 1],
    ["is not deeper", { a: { b: [1] } }, undefined, undefined],
    ["is not that of a tag", { $t: ["set", [1, 2, 3]] }, undefined, undefined],
    ["is in no text", "[]", undefined, undefined],
    ["is not in null", null, undefined, undefined],
  ])("%s", (_, wire, key, length) => {
    const found = findList(wire);
    expect([found?.key, found?.rows.length]).toEqual([key, length]);
  });
});
