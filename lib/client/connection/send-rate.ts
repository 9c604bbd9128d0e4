/** How fast we may send, so that the server never has to refuse: a second's worth at once, then one after the other. */
export class SendRate {
  /** Each message takes its share of a second: when the last of them has passed. */
  #busyUntil = 0;

  /** On a new connection nothing has been sent. */
  start(): void {
    this.#busyUntil = 0;
  }

  /** How many milliseconds until a message may be sent; 0 when it may be now. */
  wait(now: number, perSecond: number): number {
    return Math.max(0, Math.ceil(this.#after(now, perSecond) - now - 1000));
  }

  /** One is sent. */
  spend(now: number, perSecond: number): void {
    this.#busyUntil = this.#after(now, perSecond);
  }

  #after(now: number, perSecond: number): number {
    return Math.max(now, this.#busyUntil) + 1000 / perSecond;
  }
}
