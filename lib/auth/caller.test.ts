import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { canonical } from "../values/canonical.ts";
import { Callers } from "./caller.ts";

const alice = { subject: "alice", email: "alice@example.com" };

describe("the fingerprint of an identity", () => {
  test("is the same on every server of a database, and another for other claims", () => {
    const { fingerprint } = new Callers("secret").of(alice);
    expect(fingerprint).toMatch(/^[\w-]{22}$/);
    expect(new Callers("secret").of({ ...alice }).fingerprint).toBe(fingerprint);
    expect(new Callers("secret").of({ ...alice, email: "a@example.com" }).fingerprint).not.toBe(fingerprint);
  });

  test("cannot be told from the claims alone: it stands in pages, and the claims may be guessed", () => {
    const { fingerprint } = new Callers("secret").of(alice);
    expect(new Callers("another secret").of(alice).fingerprint).not.toBe(fingerprint);
    const unsalted = createHash("sha256").update(canonical(alice)).digest("base64url").slice(0, 22);
    expect(fingerprint).not.toBe(unsalted);
  });

  test("is null for an anonymous caller", () => {
    expect(new Callers("secret").of(null)).toEqual({ identity: null, key: "", fingerprint: null });
  });
});
