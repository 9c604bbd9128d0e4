import { createHash, createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { KeyedHash } from "./keyed-hash.ts";

test("is the hash of the key and the hash of another key and the text, as HMAC is", () => {
  const key = (which: string) => createHmac("sha256", "secret").update(`answers ${which}`).digest("hex");
  const sha256 = (text: string) => createHash("sha256").update(text);
  for (const text of ["", "a", "日本語", "\ud83d\ude00", "x".repeat(100_000)]) {
    const inner = sha256(key("inner") + text).digest("hex");
    const expected = sha256(key("outer") + inner).digest("base64url");
    expect(new KeyedHash("secret", "answers").of(text)).toBe(expected.slice(0, 22));
  }
});

test("differs for other texts, secrets and purposes", () => {
  const hashes = [
    new KeyedHash("secret", "answers").of("a"),
    new KeyedHash("secret", "answers").of("b"),
    new KeyedHash("secret", "identities").of("a"),
    new KeyedHash("another", "answers").of("a"),
  ];
  expect(new Set(hashes).size).toBe(4);
});
