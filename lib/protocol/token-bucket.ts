/**
 * A token bucket: how many messages one end may send, counted alike by the client, which waits, and by the server, which
 * refuses. It is full at first. The rate is given anew at each look, as the server states it only when it has connected.
 */
export class TokenBucket {
  /** How many tokens are missing. */
  #missing = 0;
  /** When it was last filled up, in milliseconds. */
  #at = 0;

  /**
   * @param now Milliseconds. A clock that is set back fills nothing and takes nothing.
   * @param perSecond How many tokens are filled in a second.
   * @param burst How many tokens a full bucket holds.
   * @returns milliseconds until there is a token; 0 if there is one now.
   */
  wait(now: number, perSecond: number, burst: number): number {
    this.#missing = Math.max(0, this.#missing - (Math.max(0, now - this.#at) * perSecond) / 1000);
    this.#at = now;
    return Math.max(0, Math.ceil(((this.#missing + 1 - burst) * 1000) / perSecond));
  }

  /** Takes tokens, of which one must be there: more than there are leave a debt that is filled up first. */
  take(tokens = 1): void {
    this.#missing += tokens;
  }
}
