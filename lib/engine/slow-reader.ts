import type { EngineLimits } from "./limits.ts";

/** A client that has more to read than it may: is it still reading, or is it to be let go? */
export class SlowReader {
  readonly #limits: EngineLimits;
  /** Since when there was no progress, and how many bytes were unsent then. Moves with each progress. */
  #stuck: { since: number; buffered: number } | undefined;

  constructor(limits: EngineLimits) {
    this.#limits = limits;
  }

  /**
   * @param buffered Bytes that have been sent and not read.
   * @param lastFrame The length of what was sent last: a single large answer is no reason to let anybody go.
   */
  isLost(buffered: number, lastFrame: number, now: number): boolean {
    if (!this.#stuck || buffered < this.#stuck.buffered) this.#stuck = { since: now, buffered };
    return now - this.#stuck.since >= this.#limits.dropAfter || buffered > this.#limits.dropAbove + lastFrame;
  }
}
