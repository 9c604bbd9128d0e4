import type { Cancel, Environment } from "../../environment/environment.ts";
import type { EngineLimits } from "../run/limits.ts";
import type { LiveQueries } from "./live-queries.ts";
import type { LiveQuery } from "./live-query.ts";

/**
 * Answers that a page was rendered from, kept for the browser that will subscribe to them. The least recently used
 * goes first when there are too many or they are too large.
 */
export class PreloadLeases {
  readonly #environment: Environment;
  readonly #limits: EngineLimits;
  readonly #liveQueries: LiveQueries;
  /** In the order they end. */
  readonly #held = new Map<LiveQuery, { until: number; bytes: number }>();
  #bytes = 0;
  #cancelTimer: Cancel | undefined;

  constructor(environment: Environment, limits: EngineLimits, liveQueries: LiveQueries) {
    this.#environment = environment;
    this.#limits = limits;
    this.#liveQueries = liveQueries;
  }

  /** Keeps the answer of this live query for a while from now. */
  hold(live: LiveQuery): void {
    this.#forget(live);
    const bytes = live.answer?.size ?? 0;
    live.lease();
    this.#held.set(live, { until: this.#environment.now() + this.#limits.preloadLeaseMs, bytes });
    this.#bytes += bytes;
    while (this.#held.size > this.#limits.preloadLeases || this.#bytes > this.#limits.preloadLeaseBytes)
      this.#endOldest();
    this.#awaitNext();
  }

  close(): void {
    this.#cancelTimer?.();
  }

  #endOldest(): void {
    const [oldest] = this.#held.keys();
    if (oldest) this.#end(oldest);
  }

  #end(live: LiveQuery): void {
    this.#forget(live);
    live.endLease();
    this.#liveQueries.dropIfIdle(live);
  }

  #forget(live: LiveQuery): void {
    const held = this.#held.get(live);
    if (!held) return;
    this.#held.delete(live);
    this.#bytes -= held.bytes;
  }

  /** One timer for all: they end in the order they were taken. */
  #awaitNext(): void {
    if (this.#cancelTimer) return;
    const [first] = this.#held.values();
    if (!first) return;
    this.#cancelTimer = this.#environment.after(Math.max(0, first.until - this.#environment.now()), () => {
      this.#cancelTimer = undefined;
      const now = this.#environment.now();
      for (const [live, { until }] of this.#held) {
        if (until > now) break;
        this.#end(live);
      }
      this.#awaitNext();
    });
  }
}
