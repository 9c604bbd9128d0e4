import type { Answer } from "../answers/answer.ts";
import type { Snapshot } from "../commits/transactions.ts";
import type { LiveQueries } from "../queries/live-queries.ts";
import type { LiveQuery } from "../queries/live-query.ts";
import type { Batch } from "./batch.ts";
import { isSideBySide, type Load, mayGoOn } from "./query-capacity.ts";
import type { Ran, RunQueryParts } from "./run-query.ts";
import { begin, type Running } from "./running.ts";

/** How long a lane leaves the database to others after each turn, where statements do not overlap. */
const BETWEEN_TURNS_MS = 10;

export interface DetachedRunsParts extends RunQueryParts {
  readonly liveQueries: LiveQueries;
}

/** The loop, as far as detached runs need it. */
export interface DetachedRunsPort {
  /** A run has ended with this answer, of its batch's revision: the answer becomes visible in this step. */
  finish(live: LiveQuery, answer: Answer, batch: Batch): void;
  /** Sends what may be sent now that a run has finished. */
  deliver(): void;
  /** No lane works for this batch any more, after it has been published. */
  completed(batch: Batch): void;
  /** A lane has ended, and its connection is free. */
  ended(): void;
}

/**
 * The lanes that have left their batch, which went on without them: each ends the run that took too long, and then runs
 * what the batch has left, in the same snapshot. So all of it is of the revision of the batch.
 */
export class DetachedRuns {
  readonly #parts: DetachedRunsParts;
  readonly #port: DetachedRunsPort;
  readonly #all = new Set<Promise<void>>();
  #count = 0;
  /** How many of them leave the database to others for a moment, with their snapshots open. */
  #resting = 0;
  #restBegins = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(parts: DetachedRunsParts, port: DetachedRunsPort) {
    this.#parts = parts;
    this.#port = port;
  }

  /** How many lanes have left their batch. */
  get count(): number {
    return this.#count;
  }

  /** What they leave of the database to other queries. */
  get load(): Load {
    const { connections, overlaps } = this.#parts.driver;
    return { connections, overlaps, detached: this.#count };
  }

  /** Do all of them rest? Then they go on when time has passed. */
  get areResting(): boolean {
    return this.#count > 0 && this.#resting === this.#count;
  }

  /** Resolves when the next of them rests. */
  get restBegins(): Promise<void> {
    return this.#restBegins.promise;
  }

  /** Begins no more runs. */
  close(): void {
    this.#isClosed = true;
  }

  /** Resolves when those that run now have ended. */
  async allEnded(): Promise<void> {
    await Promise.all(this.#all);
  }

  /**
   * Takes a snapshot out of its batch, and keeps it until there is nothing left to run in it.
   * @param running What runs in it.
   */
  add(batch: Batch, snapshot: Snapshot, running?: Running): void {
    this.#count++;
    batch.laneLeft();
    if (running) batch.detach(running.live);
    const lane: Promise<void> = this.#work(batch, snapshot, running)
      .finally(() => snapshot.close())
      .finally(() => {
        this.#all.delete(lane);
        this.#end(batch);
      });
    this.#all.add(lane);
  }

  #end(batch: Batch): void {
    this.#count--;
    batch.laneEnded();
    if (batch.lanesApart === 0) {
      for (const live of batch.takeRest()) this.#lose(live);
      this.#port.completed(batch);
    }
    this.#port.ended();
  }

  async #work(batch: Batch, snapshot: Snapshot, first: Running | undefined): Promise<void> {
    const { environment } = this.#parts;
    let turnSince = environment.now();
    for (
      let running = first ?? (await this.#next(batch, snapshot));
      running;
      running = await this.#next(batch, snapshot)
    ) {
      if (!(await this.#untilEnded(batch, running))) break;
      if (!this.#endsTurn(turnSince, running.since)) continue;
      await this.#rest();
      turnSince = environment.now();
    }
    // A batch that is not published yet counts on its lanes.
    await batch.published;
  }

  async #rest(): Promise<void> {
    this.#resting++;
    this.#restBegins.resolve();
    this.#restBegins = Promise.withResolvers();
    await new Promise<void>((resolve) => this.#parts.environment.after(BETWEEN_TURNS_MS, resolve));
    this.#resting--;
  }

  async #next(batch: Batch, { connection }: Snapshot): Promise<Running | undefined> {
    const { liveQueries, longWork, driver } = this.#parts;
    if (this.#isClosed || !mayGoOn(this.load, batch.lanesApart)) return undefined;
    const live = batch.nextApart();
    if (!live) return undefined;
    // Where statements do not overlap, others wait for the snapshot.
    if (driver.overlaps && liveQueries.costs.isLarge(live)) await longWork.turn();
    return begin(this.#parts, live, connection);
  }

  /**
   * Where statements do not overlap, others wait for its runs: it takes turns with them. Would one more run be too long? On
   * the only connection nothing of others can run while it has a snapshot open.
   */
  #endsTurn(turnSince: number, runSince: number): boolean {
    const { driver, environment, limits } = this.#parts;
    const now = environment.now();
    return isSideBySide(this.load) && !driver.overlaps && now - turnSince + (now - runSince) >= limits.slowQueryMs;
  }

  /** @returns whether its snapshot can be used any further. */
  async #untilEnded(batch: Batch, { live, since, ended }: Running): Promise<boolean> {
    const { liveQueries, environment, limits, longWork } = this.#parts;
    const tookSoFar = environment.now() - since;
    const isGuess = liveQueries.costs.isSlow(live) || tookSoFar >= limits.slowQueryMs;
    // It has taken long already, or was slow the last time: so are others like it, probably, that begin before it ends.
    if (isGuess) liveQueries.costs.noteSpeed(live, true);
    const ran = await ended.catch(() => undefined);
    const ms = environment.now() - since;
    const isSlow = ms >= limits.slowQueryMs;
    if (isGuess || isSlow) liveQueries.costs.noteSpeed(live, isSlow);
    if (!isSideBySide(this.load)) longWork.tookLong(ms);
    if (!isSlow) batch.rotation.spend(live, ms);
    await batch.published;
    if (ran) this.#finish(batch, live, ran);
    else this.#lose(live);
    return ran !== undefined && !ran.isSpent;
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
