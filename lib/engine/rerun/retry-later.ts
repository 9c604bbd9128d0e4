import type { Cancel, Environment } from "../../environment/environment.ts";
import type { LiveQuery } from "../queries/live-query.ts";

/** After a run that failed for want of the database: when it is run again, and how long the pauses grow. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** How often a query that takes too long is run again by itself; then the next commit or request runs it. */
const MAX_LATE_RUNS = 5;

/** Runs again what failed for want of the database, with pauses that grow: no commit may come that calls for a run. */
export class RetryLater {
  readonly #environment: Environment;
  readonly #retry: (live: LiveQuery) => void;
  readonly #timers = new Map<LiveQuery, Cancel>();

  /** @param retry Asks for another run. */
  constructor(environment: Environment, retry: (live: LiveQuery) => void) {
    this.#environment = environment;
    this.#retry = retry;
  }

  schedule(live: LiveQuery): void {
    if (live.consecutiveLostRuns === 0 && live.consecutiveFailedRuns >= MAX_LATE_RUNS) return;
    this.#timers.get(live)?.();
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** live.consecutiveFailedRuns);
    live.noteRetry();
    const cancel = this.#environment.after(pause, () => {
      this.#timers.delete(live);
      if (live.hasTransientError && live.wanted && !live.isDropped) this.#retry(live);
    });
    this.#timers.set(live, cancel);
  }

  close(): void {
    for (const cancel of this.#timers.values()) cancel();
  }
}
