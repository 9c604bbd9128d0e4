import { KeyedHash } from "../../auth/keyed-hash.ts";

/**
 * The tokens of answers: equal for answers of the same text, and for no others. A client tells by them what it has. The
 * secret keeps the author of a row from finding two texts with one token: one of them could be an edit that no open page
 * is told of.
 */
export class AnswerTokens {
  readonly #hash: KeyedHash;

  /** @param secret The same on all servers of a database, and after a restart. */
  constructor(secret: string) {
    this.#hash = new KeyedHash(secret, "answers");
  }

  /** @param valueText The value's wire text. */
  of(valueText: string): string {
    return this.#hash.of(valueText);
  }
}
