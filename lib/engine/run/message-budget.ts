/** A message of more characters is not read while the calls of all clients weigh too much: it may take much memory. */
const LARGE = 16 * 1024;

/** What the calls of clients make a server keep until they have ended, by weight (see `parseMessageText`). */
export class MessageBudget {
  readonly #limit: number;
  #kept = 0;
  /** Called, once each, when enough has ended. */
  #waiting = new Set<() => void>();

  /** @param limit The weight above which clients that have calls here are not heard. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Do they weigh more than they may? */
  get isSpent(): boolean {
    return this.#kept > this.#limit;
  }

  /** May a message of so many characters be read now? A small one always may. */
  admits(length: number): boolean {
    return length <= LARGE || !this.isSpent;
  }

  /** A call waits or runs. */
  take(weight: number): void {
    this.#kept += weight;
  }

  /** A call has ended, or is forgotten. */
  release(weight: number): void {
    this.#kept -= weight;
    if (this.#waiting.size === 0 || this.#kept > this.#limit / 2) return;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const look of waiting) look();
  }

  /** Calls back when half of the limit is free. Not called for each: what calls back may spend it again. */
  whenFree(look: () => void): void {
    this.#waiting.add(look);
  }

  /** Does not call back any more. */
  forget(look: () => void): void {
    this.#waiting.delete(look);
  }
}
