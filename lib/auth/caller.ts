import type { Identity } from "../functions/context.ts";
import { canonical } from "../values/canonical.ts";
import { KeyedHash } from "./keyed-hash.ts";

/** The caller of a function, in the forms that the engine needs. */
export interface Caller {
  /** Null for an anonymous caller. */
  readonly identity: Identity | null;
  /** Equal for equal identities only: callers with equal keys share results. It never leaves the server. */
  readonly key: string;
  /**
   * A keyed hash of the key that clients and preloaded pages may know. A client uses a preloaded answer only if it was made
   * for the same fingerprint. Null for an anonymous caller.
   */
  readonly fingerprint: string | null;
}

const anonymous: Caller = { identity: null, key: "", fingerprint: null };

/** Makes callers of identities. */
export class Callers {
  readonly #hash: KeyedHash;

  /** @param secret Keeps claims from being guessed by their fingerprint. The same on all servers of a database. */
  constructor(secret: string) {
    this.#hash = new KeyedHash(secret, "identities");
  }

  /**
   * Derives the key and the fingerprint of an identity.
   * @throws {ValueError} when a claim is not serialisable.
   */
  of(identity: Identity | null): Caller {
    if (identity === null) return anonymous;
    const key = canonical(identity);
    return { identity, key, fingerprint: this.#hash.of(key) };
  }
}
