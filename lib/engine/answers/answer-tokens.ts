import { createHmac } from "node:crypto";
import { TOKEN_LENGTH } from "../../protocol/token-length.ts";

/**
 * The tokens of answers: equal for answers of the same text, and for no others. A client tells by them what it has. The
 * secret keeps the author of a row from finding two texts with one token: one of them could be an edit that no open page
 * is told of. 22 characters are 132 bits of an HMAC-SHA256 (RFC 2104).
 */
export class AnswerTokens {
  readonly #key: Buffer;

  /** @param secret The same on all servers of a database, and after a restart. */
  constructor(secret: string) {
    this.#key = createHmac("sha256", secret).update("answers").digest();
  }

  /** @param valueText The value's wire text. */
  of(valueText: string): string {
    return createHmac("sha256", this.#key).update(valueText).digest("base64url").slice(0, TOKEN_LENGTH);
  }
}
