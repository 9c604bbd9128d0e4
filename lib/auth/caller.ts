import { createHash } from "node:crypto";
import type { Identity } from "../functions/context.ts";
import { canonical } from "../values/canonical.ts";

/** Who calls, in the forms the engine needs. */
export interface Caller {
  readonly identity: Identity | null;
  /** Equal for equal identities, and for those only: results are shared and kept apart by it. Never leaves the server. */
  readonly key: string;
  /** What a client and a preloaded page may know of it, to find out whether they belong together. Null for nobody. */
  readonly fingerprint: string | null;
}

const nobody: Caller = { identity: null, key: "", fingerprint: null };

/** @throws {ValueError} when the identity holds something that cannot travel. */
export function callerOf(identity: Identity | null): Caller {
  if (identity === null) return nobody;
  const key = canonical(identity);
  return { identity, key, fingerprint: createHash("sha256").update(key).digest("base64url").slice(0, 22) };
}
