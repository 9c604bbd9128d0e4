import type { Answer } from "../answers/answer.ts";
import type { Snapshot } from "../commits/transactions.ts";
import type { LiveQuery } from "../queries/live-query.ts";
import { Batch } from "./batch.ts";
import { Deadline } from "./deadline.ts";
import { DetachedRuns } from "./detached-runs.ts";
import { Lane, type LaneParts, type LookUps } from "./lane.ts";
import { isSideBySide, mayRunApart, snapshotsApart, snapshotsNeeded } from "./query-capacity.ts";
import { RetryLater } from "./retry-later.ts";
import { RunOrder } from "./run-order.ts";
import { TurnsApart } from "./turns-apart.ts";

/** What else a batch does beside running queries: the connections' side of it. */
export interface TransitionSink extends LookUps {
  /** Is there something to send although no query is due? */
  readonly waiting: boolean;
  /** Something to look up in the snapshot that the next answers come from. */
  readonly hasLookups: boolean;
  /**
   * Everything that is known now is of this revision, but for what is unsettled: sends it to all who watch none of that.
   * @param detached Of the unsettled ones, those that run at this very revision and will answer for it.
   */
  deliver(revision: number, unsettled: ReadonlySet<LiveQuery>, detached: ReadonlySet<LiveQuery>): void;
}

export interface RerunLoopParts extends Omit<LaneParts, "order" | "detached" | "endSnapshot"> {
  sink(): TransitionSink;
}

/** The pause after a batch that the database did not let begin. It doubles with every batch. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * The loop that makes stale answers true again: the only caller of live queries.
 *
 * Stale queries run in batches, each at one revision R: in one read snapshot, or in several of the same revision where
 * the database runs them side by side. What a batch answers becomes visible in one step; then every answer known is valid
 * at R (what was not in the batch was not stale at R), and each client is moved to R whole. A commit that lands meanwhile
 * leaves its queries stale for the next batch.
 *
 * A batch waits no longer than `limits.batchMs`. Clients that watch nothing that is missing then go on. What runs is
 * detached, and so is what heavy clients have left (see `RunOrder`): clients that watch such queries keep what the rest
 * of the batch answered until those have finished (see `ClientView.hold`). Everything else is due again.
 *
 * Not here: the runs in one snapshot (see `Lane`), and how a detached run ends (see `DetachedRuns`).
 */
export class RerunLoop {
  readonly #parts: RerunLoopParts;
  readonly #retries: RetryLater;
  readonly #detached: DetachedRuns;
  readonly #order: RunOrder;
  readonly #none: ReadonlySet<LiveQuery> = new Set();
  readonly #turnsApart: TurnsApart;
  /** Snapshots whose end the database has not confirmed. */
  readonly #ending = new Set<Promise<void>>();
  #loop: Promise<void> | undefined;
  #closed = false;
  /** The revision of everything that is visible. */
  #revision = 0;

  constructor(parts: RerunLoopParts) {
    this.#parts = parts;
    this.#order = new RunOrder(parts.liveQueries, parts.limits.batchMs);
    this.#turnsApart = new TurnsApart(parts.longWork, () => this.wake());
    this.#retries = new RetryLater(parts.environment, (live) => {
      parts.liveQueries.request(live);
      this.wake();
    });
    this.#detached = new DetachedRuns(parts, {
      finish: (live, answer, batch) => this.#finish(live, answer, batch),
      deliver: () => this.#deliver(this.#revision, this.#none),
      completed: (batch) => this.#order.completed(batch),
      ended: () => this.wake(),
    });
  }

  /** There may be something to do. Cheap when there is not, or when the loop is at it already. */
  wake(): void {
    if (this.#closed) return;
    this.#loop ??= this.#untilSettled().finally(() => {
      this.#loop = undefined;
      this.#turnsApart.end();
      if (this.#closed) return;
      if (this.#hasWork) this.wake();
      else if (this.#rests) this.#turnsApart.wait();
    });
  }

  /** Is there nothing to do but what must wait its turn on the only connection? Elsewhere the end of a lane wakes the loop. */
  get #rests(): boolean {
    if (this.#closed || this.#loop || isSideBySide(this.#detached.load)) return false;
    return !this.#mayRunApart && this.#parts.liveQueries.hasDue(true);
  }

  /** Resolves when nothing is on its way, and nothing is stale but what waits its turn or rests: it stays so until time has passed. */
  async settled(): Promise<void> {
    while (this.#loop || this.#detached.count > 0 || this.#ending.size > 0) {
      if (this.#awaitsTime) return;
      const loopEnds = this.#loop ?? new Promise(() => {});
      await Promise.race([this.#allEnded(), this.#detached.restBegins, loopEnds]);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#turnsApart.close();
    this.#retries.close();
    this.#detached.close();
    await this.#allEnded();
  }

  /** Does nothing go on but lanes that rest? */
  get #awaitsTime(): boolean {
    return this.#detached.areResting && !this.#loop && this.#ending.size === 0;
  }

  async #allEnded(): Promise<void> {
    await Promise.all([this.#loop, this.#detached.allEnded()]);
    await Promise.all(this.#ending);
  }

  get #hasDue(): boolean {
    return this.#parts.liveQueries.hasDue(this.#mayRunApart);
  }

  get #mayRunApart(): boolean {
    const { load } = this.#detached;
    return isSideBySide(load) ? mayRunApart(load) : this.#turnsApart.mayRun(this.#parts.transactions.revision);
  }

  get #hasWork(): boolean {
    const sink = this.#parts.sink();
    return this.#hasDue || sink.hasLookups || sink.waiting;
  }

  async #untilSettled(): Promise<void> {
    // What is asked for or committed in the same turn belongs to the same batch. Where queries block the thread, calls and
    // messages have their turn between two batches.
    await this.#endOfTurn();
    for (let failed = 0; this.#hasWork && !this.#closed; await this.#endOfTurn()) {
      try {
        await this.#runBatch();
        failed = 0;
      } catch (error) {
        if (failed > 0) this.#parts.environment.log.warn("Live queries wait: the database does not answer", { error });
        await this.#pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failed++));
      }
    }
  }

  async #runBatch(): Promise<void> {
    const { liveQueries, transactions, environment } = this.#parts;
    if (!this.#hasDue && !this.#parts.sink().hasLookups) {
      this.#revision = transactions.revision;
      return this.#deliver(this.#revision, this.#none);
    }
    const batch = new Batch(transactions.revision);
    const due = liveQueries.countDue();
    const { load } = this.#detached;
    const apart = snapshotsApart(load, due);
    const count = snapshotsNeeded(load, due);
    const snapshots = await transactions.openSnapshots(count, (revision) => this.#begin(batch, revision, apart));
    for (const snapshot of snapshots.splice(count - apart)) this.#detached.add(batch, snapshot);
    const lanes = await Promise.allSettled(snapshots.map((snapshot, i) => this.#runLane(batch, snapshot, i === 0)));
    batch.deadline.end();
    if (batch.delaysOthers && !isSideBySide(load)) {
      this.#turnsApart.ran(batch.revision, environment.now() - batch.deadline.since);
    }
    this.#order.end(batch);
    this.#putBackUnfinished(batch);
    this.#publish(batch);
    for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
  }

  /**
   * Its snapshots are open, and show this revision: takes what is due into it.
   * @param apart How many of them are for queries that run apart.
   */
  #begin(batch: Batch, revision: number, apart: number): void {
    const { liveQueries, environment, limits, driver } = this.#parts;
    // Where statements do not overlap, a batch that goes on without a run of its would gain nothing.
    batch.begunAt(revision, new Deadline(environment, driver.overlaps ? limits.batchMs : limits.slowQueryMs));
    this.#order.fill(batch, liveQueries.takeDue(this.#mayRunApart), apart > 0);
  }

  #runLane(batch: Batch, snapshot: Snapshot, isFirst: boolean): Promise<void> {
    const sink = this.#parts.sink();
    const endSnapshot = (ended: Snapshot) => this.#endSnapshot(ended);
    const parts = { ...this.#parts, order: this.#order, detached: this.#detached, endSnapshot };
    return new Lane(parts, batch, snapshot).run(isFirst && sink.hasLookups ? sink : undefined);
  }

  /** What has been read in it is visible before the database has confirmed its end. */
  #endSnapshot(snapshot: Snapshot): void {
    const ended = snapshot.close().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  /** What it has not answered, and what no lane is left for, is due again. */
  #putBackUnfinished(batch: Batch): void {
    if (batch.lanesApart === 0) batch.takeRest();
    this.#parts.liveQueries.putBackFirst(batch.unfinished);
  }

  /** Makes a batch visible: all of it, in one step. */
  #publish(batch: Batch): void {
    const { liveQueries } = this.#parts;
    this.#revision = batch.revision;
    try {
      for (const [live, answer] of batch.finished) this.#finish(live, answer, batch);
      for (const live of batch.detached) for (const watcher of live.watchers) watcher.runDetached(live);
      this.#deliver(batch.revision, batch.detached);
      for (const live of batch.finished.keys()) liveQueries.resolveWaiters(live, batch.revision);
    } finally {
      // Detached runs wait for this, with their connections.
      batch.markPublished();
    }
  }

  #finish(live: LiveQuery, answer: Answer, batch: Batch): void {
    this.#parts.liveQueries.finish(live, answer, batch.revision, batch.isSuspect(live));
    if (!answer.ok && answer.isRetryable) this.#retries.schedule(live);
  }

  #deliver(revision: number, detached: ReadonlySet<LiveQuery>): void {
    this.#parts.sink().deliver(revision, this.#parts.liveQueries.unsettledAt(revision), detached);
  }

  /** Waits until what has arrived by now is handled. */
  #endOfTurn(): Promise<void> {
    const { soon } = this.#parts.environment;
    return soon ? new Promise(soon) : Promise.resolve();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.environment.after(ms, resolve));
  }
}
