/** Limits the client to the rate that the server accepts: the messages of one second at once, then evenly. */
export class SendRate {
  /** Each message takes its share of a second. When the shares of all that were sent have passed; milliseconds. */
  #busyUntil = 0;

  /** Nothing has been sent on the new connection. */
  start(): void {
    this.#busyUntil = 0;
  }

  /** Milliseconds until a message may be sent; 0 if one may be sent now. */
  wait(now: number, perSecond: number): number {
    return Math.max(0, Math.ceil(this.#after(now, perSecond) - now - 1000));
  }

  /** A message is sent. */
  spend(now: number, perSecond: number): void {
    this.#busyUntil = this.#after(now, perSecond);
  }

  #after(now: number, perSecond: number): number {
    return Math.max(now, this.#busyUntil) + 1000 / perSecond;
  }
}
