import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findList, hasRepeatedRows, ListHash, type RowSplice, splice } from "./list-hash.ts";

const hash = (rows: readonly string[], around = "[]", key?: string) => ListHash.of(key, rows, around).text;

/** Few texts, so that lists resemble one another; no text twice. */
const anyRows = fc.uniqueArray(fc.constantFrom("1", "2", "3", '"a"', '"b"', '{"id":1}', '{"id":2}'), { maxLength: 6 });

/** Splices that do not touch one another, in a list of so many rows. */
const anySplices = (length: number): fc.Arbitrary<RowSplice[]> =>
  fc
    .array(fc.tuple(fc.nat(length), fc.nat(2), fc.uniqueArray(fc.integer({ min: 100 }), { maxLength: 3 })), {
      maxLength: 4,
    })
    .map((places) => {
      const splices: RowSplice[] = [];
      let free = 0;
      for (const [at, removed, rows] of places.sort(([a], [b]) => a - b)) {
        if (at < free || at + removed > length) continue;
        splices.push({ at, removed, rows: rows.map(String) });
        free = at + removed + 1;
      }
      return splices;
    });

describe("the hash of a list", () => {
  test("is the same on every machine and in every version", () => {
    // As with the hash of a text, a change here is a change of protocol.
    const known: [rows: string[], around: string, key: string | undefined, hash: string][] = [
      [[], "[]", undefined, "~2u3fvs8gqta2h"],
      [["1"], "[]", undefined, "~3u1we0xh0hw79"],
      [['{"id":1,"text":"Morning!"}', '{"id":2,"text":"日本語"}'], "[]", undefined, "~1pzxobgfzosn2"],
      [['{"id":1}'], '{"page":[],"isDone":true}', "page", "~1ifjm96nstm1e"],
    ];
    expect(known.map(([rows, around, key]) => hash(rows, around, key))).toEqual(known.map(([, , , text]) => text));
  });

  test("brought up to date equals the one made anew", () => {
    const change = fc.integer({ min: 0, max: 20 }).chain((n) => fc.tuple(fc.constant(n), anySplices(n)));
    fc.assert(
      fc.property(change, fc.option(fc.string(), { nil: undefined }), ([n, splices], around) => {
        const before = Array.from({ length: n }, (_, i) => `${i}`);
        let after: string[] = before;
        for (const { at, removed, rows } of [...splices].reverse()) after = splice(after, at, removed, rows);
        const updated = ListHash.of("page", before, "before").spliced(splices, around);
        expect(updated.text).toBe(hash(after, around ?? "before", "page"));
      }),
    );
  });

  test("does not change the one it was made from", () => {
    const before = ListHash.of(undefined, ["1", "2"], "[]");
    const { text } = before;
    before.spliced([{ at: 0, removed: 2, rows: ["3"] }]);
    expect(before.text).toBe(text);
    expect(before.spliced([]).text).toBe(text);
  });

  test("tells lists apart: by their rows, their order and how many there are", () => {
    fc.assert(
      fc.property(anyRows, anyRows, (a, b) => (hash(a) === hash(b)) === (a.join() === b.join())),
      { numRuns: 2_000 },
    );
  });

  test("differs for all orders of eight rows, and for all selections of sixteen", () => {
    const orders = (rows: string[]): string[][] =>
      rows.length === 0
        ? [[]]
        : rows.flatMap((row) => orders(rows.filter((other) => other !== row)).map((o) => [row, ...o]));
    const rows = Array.from({ length: 16 }, (_, i) => `{"id":${i}}`);
    const hashes = new Set(orders(rows.slice(0, 8)).map((order) => hash(order)));
    for (let bits = 0; bits < 1 << 16; bits++) hashes.add(hash(rows.filter((_, i) => bits & (1 << i))));
    // The first eight, in order, are in both.
    expect(hashes.size).toBe(40_320 + (1 << 16) - 1);
  });

  test("knows whether a row is there twice", () => {
    const list = ListHash.of(undefined, ["1", "2"], "[]");
    expect(hasRepeatedRows(list)).toBe(false);
    expect(hasRepeatedRows(list.spliced([{ at: 2, removed: 0, rows: ["1"] }]))).toBe(true);
    expect(hasRepeatedRows(list.spliced([{ at: 0, removed: 1, rows: ["1"] }]))).toBe(false);
  });

  test("sees what is around the list, and which list it is", () => {
    const around = '{"a":[],"b":[]}';
    const hashes = [hash(["1"], around, "a"), hash(["1"], around, "b"), hash(["1"], '{"a":[],"b":[2]}', "a")];
    expect(new Set(hashes).size).toBe(3);
  });

  test("is of another kind than the hash of a text", () => {
    expect(hash(["1", "2"])).toMatch(/^~[0-9a-z]{13}$/);
  });

  test("changes in about half its bits with each bit of a row", () => {
    let flipped = 0;
    const bits = (text: string) =>
      [...text.slice(1)].reduce((sum, c) => sum * 36n + BigInt(Number.parseInt(c, 36)), 0n);
    for (let i = 0; i < 1_000; i++) {
      const [a, b] = [hash(["x", `${i}`, "y"]), hash(["x", `${i + 1}`, "y"])];
      flipped += (bits(a) ^ bits(b)).toString(2).replaceAll("0", "").length;
    }
    expect(flipped / 1_000 / 64).toBeCloseTo(0.5, 1);
  });

  test("takes lists longer than a call takes arguments", () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => `${i}`);
    const list = ListHash.of(undefined, rows, "[]");
    expect(list.spliced([{ at: 0, removed: 200_000, rows: ["1"] }]).text).toBe(hash(["1"]));
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
