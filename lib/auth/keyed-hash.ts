import { createHmac, hash } from "node:crypto";

/**
 * A keyed hash of texts, which only who has the secret can compute: HMAC's construction over SHA-256 (RFC 2104) with two
 * keys derived from the secret instead of two paddings of one. Node's own HMAC makes key objects for every text, which
 * costs more than the hash.
 */
export class KeyedHash {
  readonly #inner: string;
  readonly #outer: string;

  /** @param purpose Hashes of one secret for two purposes tell nothing of each other. */
  constructor(secret: string, purpose: string) {
    // 64 characters, which are one block of SHA-256.
    const key = (which: string) => createHmac("sha256", secret).update(`${purpose} ${which}`).digest("hex");
    this.#inner = key("inner");
    this.#outer = key("outer");
  }

  /** 22 characters of base64url, which are 132 bits. */
  of(text: string): string {
    const inner = hash("sha256", this.#inner + text, "hex");
    return hash("sha256", this.#outer + inner, "base64url").slice(0, 22);
  }
}
