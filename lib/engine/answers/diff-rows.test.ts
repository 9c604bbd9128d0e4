import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Splice } from "../../values/result-list.ts";
import { diffRows } from "./diff-rows.ts";

const letters = (text: string) => [...text];
/** `3-1+xy`: at place 3, one row is removed, x and y are inserted. */
const short = (splices: readonly Splice<string>[]) =>
  splices.map((s) => `${s.at}-${s.removed}+${s.rows.join("")}`).join(" ");
const anyList = fc.uniqueArray(fc.constantFrom(...letters("abcdefghij")));

function applied(before: readonly string[], splices: readonly Splice<string>[]): string[] {
  const rows = [...before];
  for (const { at, removed, rows: inserted } of [...splices].reverse()) rows.splice(at, removed, ...inserted);
  return rows;
}

describe("the difference of two lists", () => {
  test.each([
    ["abc", "abc", ""],
    ["", "ab", "0-0+ab"],
    ["ab", "", "0-2+"],
    ["abc", "abcd", "3-0+d"],
    ["abc", "bcd", "0-1+ 3-0+d"],
    ["abc", "aXc", "1-1+X"],
    ["abcdefgh", "aXcdefYh", "1-1+X 6-1+Y"],
    ["abcdefgh", "habcdefg", "0-0+h 7-1+"],
    ["abcdefgh", "bcdefgha", "0-1+ 8-0+a"],
    ["abcdefgh", "Habcdefg", "0-0+H 7-1+"],
    ["abcd", "dcba", "0-0+dcb 1-3+"],
    ["abc", "xyz", "0-3+xyz"],
  ])("of %s and %s is %s", (before, after, expected) => {
    expect(short(diffRows(letters(before), letters(after)))).toBe(expected);
  });

  test("leads from the one to the other, in places that do not touch", () => {
    fc.assert(
      fc.property(anyList, fc.array(fc.constantFrom(...letters("abcdefghijkl"))), (before, after) => {
        const splices = diffRows(before, [...after]);
        expect(applied(before, splices)).toEqual(after);
        splices.forEach(({ at, removed, rows }, i) => {
          expect(removed + rows.length).toBeGreaterThan(0);
          const next = splices[i + 1];
          if (next) expect(next.at).toBeGreaterThan(at + removed);
        });
      }),
      { numRuns: 1_000 },
    );
  });

  test("lets as many rows stay as can", () => {
    const longestCommon = (a: string[], b: string[]): number => {
      const lengths = [Array(b.length + 1).fill(0) as number[]];
      for (const [i, row] of a.entries()) {
        const line = [0];
        for (const [j, other] of b.entries()) {
          const above = lengths[i] as number[];
          line.push(row === other ? (above[j] as number) + 1 : Math.max(above[j + 1] as number, line[j] as number));
        }
        lengths.push(line);
      }
      return lengths.at(-1)?.at(-1) ?? 0;
    };
    fc.assert(
      fc.property(anyList, anyList, (before, after) => {
        const left = diffRows(before, [...after]).reduce((sum, { removed }) => sum + removed, 0);
        expect(before.length - left).toBe(longestCommon(before, after));
      }),
      { numRuns: 1_000 },
    );
  });
});
