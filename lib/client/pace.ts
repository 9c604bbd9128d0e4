/** How many messages we may still send now: a bucket that fills as time passes, so that the server never has to refuse. */
export class Pace {
  #tokens = 0;
  #filledAt = 0;
  #perSecond = 1;

  /** Starts full. */
  start(now: number, perSecond: number): void {
    this.#tokens = perSecond;
    this.#perSecond = perSecond;
    this.#filledAt = now;
  }

  /** The server has told how many a second it takes: what was sent before it did still counts. */
  limit(perSecond: number): void {
    this.#tokens = Math.min(this.#tokens, perSecond);
    this.#perSecond = perSecond;
  }

  /** How many milliseconds until a message may be sent; 0 when it may be now. */
  wait(now: number): number {
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((now - this.#filledAt) * this.#perSecond) / 1000);
    this.#filledAt = now;
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) * 1000) / this.#perSecond);
  }

  /** One was sent. */
  spend(): void {
    this.#tokens -= 1;
  }
}
