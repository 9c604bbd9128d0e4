import type { Cancel, Environment } from "../../environment/environment.ts";

/** What is longer, in characters of a message or of an answer, is long work. */
const LONG = 32 * 1024;
/** For so many times as long as a piece of work has taken, the thread is left to others. */
const PAUSES = 3;
/** What a call costs from its message to its outcome, in multiples of what the reading of the message has: a guess. */
const CALL_COST = 3;
/** Milliseconds of the longest pause. */
const LONGEST_PAUSE = 1_000;

/**
 * Pieces of work that keep the thread from everything else for milliseconds, such as the reading of a message of a
 * megabyte. They are done one at a time, in the order in which they were asked for, and after each the thread is left to
 * others for a multiple of the time that it took. So what is short waits for one of them at most, however many there are.
 */
export class LongWork {
  readonly #environment: Pick<Environment, "now" | "after">;
  /** Called, once each and in this order, when a piece of work may begin. */
  readonly #waiting = new Set<() => void>();
  #freeAt = 0;
  #cancel: Cancel | undefined;

  /** @param environment Clock and timers. */
  constructor(environment: Pick<Environment, "now" | "after">) {
    this.#environment = environment;
  }

  /** May work on a text of so many characters begin now? What is short always may. */
  admits(length: number): boolean {
    return length <= LONG || this.isFree;
  }

  /** Work on a text of so many characters is done, and has taken so many milliseconds. */
  done(length: number, ms: number): void {
    if (length > LONG) this.tookLong(ms);
  }

  /** A message of so many characters has been read, in so many milliseconds. The call that it makes will cost more. */
  doneReading(length: number, ms: number): void {
    this.done(length, CALL_COST * ms);
  }

  /** A piece of work has taken so many milliseconds. */
  tookLong(ms: number): void {
    const freeAt = this.#environment.now() + Math.min(LONGEST_PAUSE, PAUSES * Math.max(0, ms));
    this.#freeAt = Math.max(this.#freeAt, freeAt);
  }

  /** Calls back when the next piece of work may begin. */
  whenFree(look: () => void): void {
    this.#waiting.add(look);
    this.#wait();
  }

  /** Does not call back any more. */
  forget(look: () => void): void {
    this.#waiting.delete(look);
    if (this.#waiting.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Resolves when work on a text of so many characters may begin. */
  async turn(length = Number.POSITIVE_INFINITY): Promise<void> {
    if (!this.admits(length)) await new Promise<void>((resolve) => this.whenFree(resolve));
  }

  /**
   * Waits until work on a text of so many characters may begin.
   * @returns false when its turn has not come within so many milliseconds.
   */
  async turnWithin(length: number, ms: number): Promise<boolean> {
    if (this.admits(length)) return true;
    return new Promise((resolve) => {
      const begin = () => {
        cancel();
        resolve(true);
      };
      const cancel = this.#environment.after(ms, () => {
        this.forget(begin);
        resolve(false);
      });
      this.whenFree(begin);
    });
  }

  /** May a piece of work begin now? */
  get isFree(): boolean {
    return this.#waiting.size === 0 && this.#hasPaused;
  }

  get #hasPaused(): boolean {
    return this.#environment.now() >= this.#freeAt;
  }

  #wait(): void {
    this.#cancel ??= this.#environment.after(Math.max(0, this.#freeAt - this.#environment.now()), () => {
      this.#cancel = undefined;
      this.#next();
    });
  }

  #next(): void {
    for (const look of this.#waiting) {
      if (!this.#hasPaused) break;
      this.#waiting.delete(look);
      look();
      // One at a time also where the time does not tell them apart.
      break;
    }
    if (this.#waiting.size > 0) this.#wait();
  }
}
