import type { EngineLimits } from "../run/limits.ts";

/** Texts longer than this are counted in bytes; shorter ones in UTF-16 units, which is near enough. */
const COUNTED_EXACTLY = 256 * 1024;
/** At most so many milliseconds count between two looks, so that no client is late after a jump of the clock. */
const LONGEST_STEP = 5_000;

/** How fast one client reads what it is sent. */
export class Backpressure {
  readonly #limits: EngineLimits;
  /** Of the frames that it may not have read, in bytes. Back to 0 whenever it has read nearly everything. */
  #largest = 0;
  /** While it has too much to read: for how long it has read nothing, looked at when, and how much was unsent then. */
  #stuck: { for: number; at: number; buffered: number } | undefined;

  constructor(limits: EngineLimits) {
    this.#limits = limits;
  }

  sent(text: string): void {
    if (text.length <= this.#largest) return;
    this.#largest = text.length > COUNTED_EXACTLY ? Buffer.byteLength(text) : text.length;
  }

  /**
   * Has it read enough to be sent more?
   * @param buffered Bytes that have been sent and not read.
   */
  keepsUp(buffered: number): boolean {
    if (buffered > this.#limits.pauseAboveBytes) return false;
    this.#largest = 0;
    this.#stuck = undefined;
    return true;
  }

  /** Has it more unread bytes than the limit? What the last large frame takes is not counted. */
  isOverwhelmed(buffered: number): boolean {
    return buffered > this.#limits.dropAboveBytes + this.#largest;
  }

  /** Has it read nothing for too long? Asked repeatedly while it does not keep up. */
  isStuck(buffered: number, now: number): boolean {
    const { for: before, at, buffered: left } = this.#stuck ?? { for: 0, at: now, buffered };
    const stuckFor = buffered < left ? 0 : before + Math.min(Math.max(0, now - at), LONGEST_STEP);
    this.#stuck = { for: stuckFor, at: now, buffered };
    return stuckFor >= this.#limits.dropAfterMs;
  }
}
