import type { Answer } from "../answers/answer.ts";
import type { Snapshot } from "../commits/transactions.ts";
import type { LiveQueries } from "../queries/live-queries.ts";
import type { LiveQuery } from "../queries/live-query.ts";
import type { Batch } from "./batch.ts";
import type { Load } from "./query-capacity.ts";
import type { Ran, RunQueryParts } from "./run-query.ts";

export interface DetachedRunsParts extends Pick<RunQueryParts, "driver" | "environment" | "limits"> {
  readonly liveQueries: LiveQueries;
}

/** The loop, as far as detached runs need it. */
export interface DetachedRunsPort {
  /** A run has ended with this answer, of its batch's revision: the answer becomes visible in this step. */
  finish(live: LiveQuery, answer: Answer, batch: Batch): void;
  /** Sends what may be sent now that a run has finished. */
  deliver(): void;
  /** A run has ended, and its connection is free. */
  ended(): void;
}

/**
 * The runs that took too long for their batch, which went on without them. Each keeps its snapshot until it ends, and
 * answers for the revision of its batch.
 */
export class DetachedRuns {
  readonly #parts: DetachedRunsParts;
  readonly #port: DetachedRunsPort;
  readonly #all = new Set<Promise<void>>();

  constructor(parts: DetachedRunsParts, port: DetachedRunsPort) {
    this.#parts = parts;
    this.#port = port;
  }

  get count(): number {
    return this.#all.size;
  }

  /** What they leave of the database to other queries. */
  get load(): Load {
    const { connections, overlaps } = this.#parts.driver;
    return { connections, overlaps, detached: this.count };
  }

  /** Resolves when those that run now have ended. */
  async allEnded(): Promise<void> {
    await Promise.all(this.#all);
  }

  /** Takes a run out of its batch, and keeps its snapshot until it has ended. */
  add(batch: Batch, live: LiveQuery, run: Promise<Ran>, snapshot: Snapshot): void {
    const { liveQueries } = this.#parts;
    const isGuess = liveQueries.isSlow(live);
    batch.detach(live);
    live.detach();
    // It has taken long already, or was slow the last time: so are others like it, probably, that begin before it ends.
    liveQueries.noteSpeed(live, true);
    const detached: Promise<void> = this.#untilEnded(batch, live, run, isGuess)
      .finally(() => snapshot.close())
      .finally(() => {
        this.#all.delete(detached);
        this.#port.ended();
      });
    this.#all.add(detached);
  }

  /** @param isGuess It was detached at once, because it was slow the last time. */
  async #untilEnded(batch: Batch, live: LiveQuery, run: Promise<Ran>, isGuess: boolean): Promise<void> {
    const { liveQueries, environment, limits } = this.#parts;
    const since = environment.now();
    const ran = await run.catch(() => undefined);
    if (isGuess) liveQueries.noteSpeed(live, environment.now() - since >= limits.slowQueryMs);
    await batch.published;
    if (ran) this.#finish(batch, live, ran);
    else this.#lose(live);
  }

  #finish(batch: Batch, live: LiveQuery, { answer, readsIdentity }: Ran): void {
    const { liveQueries } = this.#parts;
    if (readsIdentity && !live.perCaller) liveQueries.splitByCaller(live);
    this.#port.finish(live, answer, batch);
    for (const watcher of [...live.watchers]) watcher.detachedFinished(live, batch.revision);
    this.#port.deliver();
    liveQueries.resolveWaiters(live, batch.revision);
  }

  /** Its connection was lost: it is due again, and there is no answer of that revision. */
  #lose(live: LiveQuery): void {
    this.#parts.liveQueries.putBack(live);
    for (const watcher of [...live.watchers]) watcher.detachedLost(live);
  }
}
