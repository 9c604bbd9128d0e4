import type { Answer } from "../answers/answer.ts";
import { HeavyClients } from "./heavy-clients.ts";
import type { LiveQuery } from "./live-query.ts";

/** The size of an answer from which to make it keeps the thread for milliseconds. */
const LARGE = 256 * 1024;

/** What the runs of queries cost, as the last ones have shown, and which of them others would wait for. */
export class QueryCosts {
  readonly heavyClients = new HeavyClients();
  /** Queries that were slow when they ran last, whatever their arguments: so others may be. */
  readonly #slowPaths = new Set<string>();
  /** Queries whose last answer was large, whatever their arguments. */
  readonly #largePaths = new Set<string>();

  /** Is a run of it likely to be slow? Until one has shown it, as the same query was with other arguments. */
  isSlow(live: LiveQuery): boolean {
    return live.slow ?? this.#slowPaths.has(live.path);
  }

  noteSpeed(live: LiveQuery, slow: boolean): void {
    live.noteSpeed(slow);
    if (slow) this.#slowPaths.add(live.path);
    else this.#slowPaths.delete(live.path);
  }

  /** Is its answer likely to be so large that to make it keeps the thread? */
  isLarge(live: LiveQuery): boolean {
    return live.answer === undefined ? this.#largePaths.has(live.path) : live.answer.size > LARGE;
  }

  noteSize({ path }: LiveQuery, { size }: Answer): void {
    if (size > LARGE) this.#largePaths.add(path);
    else if (this.#largePaths.size > 0) this.#largePaths.delete(path);
  }

  /**
   * Does it run apart from others, which it would keep waiting: is it slow or large, or of clients that have more than
   * their share?
   */
  runsApart(live: LiveQuery): boolean {
    return this.isSlow(live) || this.isLarge(live) || this.heavyClients.aloneNeed(live);
  }

  /** The functions have been replaced: others may cost something else. */
  forgetPaths(): void {
    this.#slowPaths.clear();
    this.#largePaths.clear();
  }
}
