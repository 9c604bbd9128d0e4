import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkOf, hashText } from "./hash.ts";

function differing(a: number, b: number): number {
  return ((a ^ b) >>> 0).toString(2).replaceAll("0", "").length;
}

describe("the fingerprint of a text", () => {
  test("is the same on every machine and in every version", () => {
    // A page of one version of the server may connect to the next: a change here is a change of protocol.
    const known: [text: string, hash: number][] = [
      ["", 0],
      ["a", -2058771219],
      ["[]", 1312734205],
      ['[{"id":1,"text":"Morning!"}]', 1215765877],
      ["日本語", -199578383],
      ["\ud800", -1125219118],
    ];
    for (const [text, hash] of known) expect(hashText(text)).toBe(hash);
  });

  test("differs for texts that resemble rows as often as chance would have it", () => {
    const hashes = new Set<number>();
    for (let i = 0; i < 50_000; i++) {
      hashes.add(hashText(`{"id":${i},"text":"hello"}`));
      hashes.add(hashText(`{"id":1,"text":"hello","at":{"$t":["date",${i * 1000}]}}`));
      hashes.add(hashText(`${i}`.padStart(7, "0")));
      hashes.add(hashText(`a${"a".repeat(i % 100)}${i}${"b".repeat((i * 7) % 100)}`));
    }
    // Of n texts, n²/2³³ pairs have the same 32 bits by chance: here about 5.
    expect(200_000 - hashes.size).toBeLessThan(25);
  });

  test("changes in about half its bits, each as often, when one bit of the text does", () => {
    const flips = new Array<number>(32).fill(0);
    const samples = 4_000;
    for (let i = 0; i < samples; i++) {
      const text = `{"id":${i},"text":"message ${(i * 7919) % 1000}"}`;
      const at = i % text.length;
      const changed = String.fromCharCode(text.charCodeAt(at) ^ (1 << (i % 7)));
      const before = hashText(text);
      const after = hashText(text.slice(0, at) + changed + text.slice(at + 1));
      expect(differing(before, after)).toBeGreaterThan(0);
      for (let bit = 0; bit < 32; bit++) if (((before ^ after) >> bit) & 1) flips[bit] = (flips[bit] ?? 0) + 1;
    }
    for (const flipped of flips) expect(flipped / samples).toBeCloseTo(0.5, 1);
  });
});

describe("the check of a list", () => {
  const of = (rows: readonly string[], around = "[]") => checkOf(rows.map(hashText), hashText(around));

  test("has at most 4 characters", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.string(), (rows, around) => /^[0-9a-z]{1,4}$/.test(of(rows, around))),
    );
  });

  test("differs for other rows, another order, another length, and for what is around the list", () => {
    const rows = ['{"id":1}', '{"id":2}', '{"id":3}', '{"id":3}'];
    const others = [
      of(rows),
      of(rows.slice(1)),
      of(rows.slice(0, -1)),
      of([...rows].reverse()),
      of([...rows, '{"id":4}']),
      of(rows, '{"page":[],"isDone":true}'),
      of(rows, '{"page":[],"isDone":false}'),
      of([]),
    ];
    expect(new Set(others).size).toBe(others.length);
  });
});
