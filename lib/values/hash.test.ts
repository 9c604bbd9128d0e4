import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyText } from "../../tests/support/any-value.ts";
import { hashText } from "./hash.ts";

/** The 64 bits that the fingerprint writes down. */
const bits = (hash: string): bigint =>
  [...hash].reduce((sum, digit) => sum * 36n + BigInt(Number.parseInt(digit, 36)), 0n);

function differing(a: bigint, b: bigint): number {
  return (a ^ b).toString(2).replaceAll("0", "").length;
}

describe("the fingerprint of a text", () => {
  test("is the same on every machine and in every version", () => {
    // A page rendered by one version of the server may connect to the next: a change here is a change of protocol.
    const known: [text: string, hash: string][] = [
      ["", "7lwfibmt3kwn"],
      ["a", "3s78nkzr44qe6"],
      ["b", "bn5xh6l1k5a3"],
      ["null", "33vfx1u9knfae"],
      ["[]", "2ibbx2b66qbtd"],
      ['[{"id":1,"text":"Morning!"}]', "30lq0ynlqqkdn"],
      ["日本語", "3pv7xmrq9gib4"],
      ["\ud800", "3aawfaf6t4kq1"],
      ["x".repeat(10_000), "3s0kmypdylkw0"],
    ];
    for (const [text, hash] of known) expect(hashText(text)).toBe(hash);
  });

  test("is short and made of digits and lower-case letters", () => {
    fc.assert(fc.property(anyText, (text) => /^[0-9a-z]{1,13}$/.test(hashText(text))));
  });

  test("differs for 200,000 texts that resemble answers", () => {
    const hashes = new Set<string>();
    for (let i = 0; i < 50_000; i++) {
      hashes.add(hashText(`[{"id":${i},"text":"hello"}]`));
      hashes.add(hashText(`[{"id":1,"text":"hello"},{"id":2,"at":{"$t":["date",${i * 1000}]}}]`));
      hashes.add(hashText(String(i)));
      hashes.add(hashText(`a${"a".repeat(i % 100)}${i}${"b".repeat((i * 7) % 100)}`));
    }
    expect(hashes.size).toBe(200_000);
  });

  test("changes in about half its bits, each as often, when one bit of the text does", () => {
    const flips = new Array<number>(64).fill(0);
    const samples = 4_000;
    for (let i = 0; i < samples; i++) {
      const text = `{"id":${i},"text":"message ${(i * 7919) % 1000}"}`;
      const at = i % text.length;
      const changed = String.fromCharCode(text.charCodeAt(at) ^ (1 << (i % 7)));
      const before = bits(hashText(text));
      const after = bits(hashText(text.slice(0, at) + changed + text.slice(at + 1)));
      expect(differing(before, after)).toBeGreaterThan(10);
      for (let bit = 0; bit < 64; bit++) if (((before ^ after) >> BigInt(bit)) & 1n) flips[bit] = (flips[bit] ?? 0) + 1;
    }
    for (const flipped of flips) expect(flipped / samples).toBeCloseTo(0.5, 1);
  });

  test("uses all of its 64 bits: each half alone tells texts apart as well as chance would", () => {
    // An earlier last step lost almost five of the 64 bits: it mapped several states of the lanes to one.
    const count = 200_000;
    const states = new Set<bigint>();
    for (let i = 0; i < count; i++) {
      const both = bits(hashText(`${i}`.padStart(7, "0")));
      states.add((both >> 32n) ^ (both & 0xffffffffn));
    }
    // Of n texts, n²/2³³ pairs have the same 32 bits by chance: here about 5.
    expect(count - states.size).toBeLessThan(25);
  });
});
