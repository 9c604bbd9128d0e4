import type { DatabaseConnection, Driver } from "../../database/driver/driver.ts";
import type { Answer } from "../answers/answer.ts";
import { withStatementTimeout } from "../commits/statement-timeout.ts";
import type { Snapshot, Transactions } from "../commits/transactions.ts";
import type { LiveQueries } from "../queries/live-queries.ts";
import type { LiveQuery } from "../queries/live-query.ts";
import { Batch } from "./batch.ts";
import { isSideBySide, type Load, mayDetach, mayRunSlow, runOrder, snapshotsNeeded } from "./query-capacity.ts";
import { RetryLater } from "./retry-later.ts";
import { type Ran, type RunQueryParts, runQuery } from "./run-query.ts";

/** What else a batch does beside running queries: the connections' side of it. */
export interface TransitionSink {
  /** Is there something to send although no query is due? */
  readonly waiting: boolean;
  /** Something to look up in the snapshot that the next answers come from. */
  readonly hasLookups: boolean;
  /** @param revision The revision of the snapshot that the connection shows. */
  lookUp(connection: DatabaseConnection, revision: number): Promise<void>;
  /**
   * Everything that is known now is of this revision, but for what is unsettled: sends it to all who watch none of that.
   * @param detached Of the unsettled ones, those that run at this very revision and will answer for it.
   */
  deliver(revision: number, unsettled: ReadonlySet<LiveQuery>, detached: ReadonlySet<LiveQuery>): void;
}

export interface RerunLoopParts extends RunQueryParts {
  readonly driver: Driver;
  readonly transactions: Transactions;
  readonly liveQueries: LiveQueries;
  sink(): TransitionSink;
}

/** The pause after a batch that the database did not let begin. It doubles with every batch. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * The loop that makes stale answers true again: the only caller of live queries.
 *
 * Stale queries run in batches, each at one revision R: in one read snapshot, or in several of the same revision where
 * the database runs them side by side. What a batch answers becomes visible in one step, when all of it is there; then
 * every answer known is valid at R (what was not in the batch was not stale at R), and each client is moved to R whole.
 * A commit that lands meanwhile leaves its queries stale for the next batch.
 *
 * A query that runs long is detached from its batch: clients that do not watch it go on, the others keep what the rest
 * of the batch answered until it has finished (see `ClientView.hold`).
 */
export class RerunLoop {
  readonly #parts: RerunLoopParts;
  readonly #retries: RetryLater;
  readonly #none: ReadonlySet<LiveQuery> = new Set();
  #loop: Promise<void> | undefined;
  #closed = false;
  /** The revision of everything that is visible. */
  #revision = 0;
  /** Runs that are detached from their batch. */
  readonly #detached = new Set<Promise<void>>();

  constructor(parts: RerunLoopParts) {
    this.#parts = parts;
    this.#retries = new RetryLater(parts.environment, (live) => {
      parts.liveQueries.request(live);
      this.wake();
    });
  }

  /** There may be something to do. Cheap when there is not, or when the loop is at it already. */
  wake(): void {
    if (this.#closed) return;
    this.#loop ??= this.#untilSettled().finally(() => {
      this.#loop = undefined;
      if (this.#hasWork && !this.#closed) this.wake();
    });
  }

  /** Resolves when nothing is stale and nothing is on its way. */
  async settled(): Promise<void> {
    while (this.#loop || this.#detached.size > 0) await Promise.all([this.#loop, ...this.#detached]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retries.close();
    await Promise.all([this.#loop, ...this.#detached]);
  }

  get #load(): Load {
    const { connections, overlaps } = this.#parts.driver;
    return { connections, overlaps, detached: this.#detached.size };
  }

  get #hasDue(): boolean {
    return this.#parts.liveQueries.hasDue(mayRunSlow(this.#load));
  }

  get #hasWork(): boolean {
    const sink = this.#parts.sink();
    return this.#hasDue || sink.hasLookups || sink.waiting;
  }

  async #untilSettled(): Promise<void> {
    // What the caller of `wake` asks for in the same step belongs to the same batch.
    await Promise.resolve();
    for (let failed = 0; this.#hasWork && !this.#closed; ) {
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
    const { liveQueries, transactions } = this.#parts;
    if (!this.#hasDue && !this.#parts.sink().hasLookups) {
      this.#revision = transactions.revision;
      return this.#deliver(this.#revision, this.#none);
    }
    const batch = new Batch(transactions.revision);
    const snapshots = await transactions.openSnapshots(
      snapshotsNeeded(this.#load, liveQueries.countDue()),
      (revision) => {
        batch.begunAt(revision);
        this.#enqueue(batch, liveQueries.takeDue(mayRunSlow(this.#load)));
      },
    );
    const lanes = await Promise.allSettled(snapshots.map((snapshot, i) => this.#lane(batch, snapshot, i === 0)));
    // What has lost its connection comes last the next time: it may be what loses every one.
    const unfinished = batch.unfinished.sort((a, b) => a.consecutiveLostRuns - b.consecutiveLostRuns);
    for (const live of unfinished) liveQueries.putBack(live);
    this.#publish(batch);
    for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
  }

  #enqueue(batch: Batch, due: LiveQuery[]): void {
    batch.add(runOrder(this.#load, due, (live) => this.#parts.liveQueries.isSlow(live)));
  }

  /** Runs one query after the other in one snapshot, until none is left, one is detached, or the snapshot is spent. */
  async #lane(batch: Batch, snapshot: Snapshot, isFirst: boolean): Promise<void> {
    const { liveQueries } = this.#parts;
    let isDetached = false;
    try {
      const sink = this.#parts.sink();
      if (isFirst && sink.hasLookups) {
        await this.#inTime(snapshot.connection, sink.lookUp(snapshot.connection, batch.revision));
      }
      for (let live = batch.next(); live; live = batch.next()) {
        const run = runQuery(this.#parts, live, snapshot.connection);
        // What was slow the last time is detached at once, where others need not wait for it.
        const isKnownSlow = isSideBySide(this.#load) && liveQueries.isSlow(live);
        isDetached = mayDetach(this.#load) && (isKnownSlow || (await this.#takesLong(run)));
        if (isDetached) return this.#detach(batch, live, run, snapshot);
        const { answer, readsIdentity, isSpent } = await run;
        batch.finish(live, answer);
        if (readsIdentity && !live.perCaller) this.#addOwn(batch, live);
        if (isSpent) return;
      }
    } finally {
      if (!isDetached) await snapshot.close();
    }
  }

  /** Resolves with whether `run` is still going on after the time that a batch waits. */
  #takesLong(run: Promise<Ran>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const cancel = this.#parts.environment.after(this.#parts.limits.slowQueryMs, () => resolve(true));
      run
        .then(
          () => resolve(false),
          // Its connection is lost: the rejection reaches the lane, which awaits the run.
          () => resolve(false),
        )
        .then(cancel, reject);
    });
  }

  #detach(batch: Batch, live: LiveQuery, run: Promise<Ran>, snapshot: Snapshot): void {
    const { liveQueries } = this.#parts;
    const isGuess = liveQueries.isSlow(live);
    batch.detach(live);
    live.detach();
    // It has taken long already, or was slow the last time: so are others like it, probably, that begin before it ends.
    liveQueries.noteSpeed(live, true);
    const detached: Promise<void> = this.#finishDetached(live, run, batch, isGuess)
      .finally(() => snapshot.close())
      .finally(() => {
        this.#detached.delete(detached);
        this.wake();
      });
    this.#detached.add(detached);
  }

  /**
   * The answer of a detached query, at its batch's revision.
   * @param isGuess It was detached at once, because it was slow the last time.
   */
  async #finishDetached(live: LiveQuery, run: Promise<Ran>, batch: Batch, isGuess: boolean): Promise<void> {
    const { liveQueries, environment, limits } = this.#parts;
    const since = environment.now();
    const ran = await run.catch(() => undefined);
    if (isGuess) liveQueries.noteSpeed(live, environment.now() - since >= limits.slowQueryMs);
    await batch.published;
    if (!ran) {
      liveQueries.putBack(live);
      for (const watcher of [...live.watchers]) watcher.detachedLost(live);
      return;
    }
    if (ran.readsIdentity && !live.perCaller) liveQueries.splitByCaller(live);
    this.#finish(live, ran.answer, batch);
    for (const watcher of [...live.watchers]) watcher.detachedFinished(live, batch.revision);
    this.#deliver(this.#revision, this.#none);
    liveQueries.resolveWaiters(live, batch.revision);
  }

  /** Adds the other callers' own live queries to the batch: they run at the same revision. */
  #addOwn(batch: Batch, live: LiveQuery): void {
    const { liveQueries, transactions } = this.#parts;
    // What the batch has taken already is of its revision: if it is due again, that is for the next batch.
    const own = liveQueries.splitByCaller(live).filter((other) => !batch.has(other) && liveQueries.takeIfDue(other));
    this.#enqueue(batch, own);
    if (transactions.revision !== batch.revision) for (const other of own) batch.suspect(other);
  }

  /** Makes a batch visible: all of it, in one step. */
  #publish(batch: Batch): void {
    const { liveQueries } = this.#parts;
    this.#revision = batch.revision;
    try {
      for (const [live, answer] of batch.finished) this.#finish(live, answer, batch);
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

  #inTime<T>(connection: DatabaseConnection, asked: Promise<T>): Promise<T> {
    const { environment, limits } = this.#parts;
    return withStatementTimeout(environment, limits.databaseTimeoutMs, connection, asked);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.environment.after(ms, resolve));
  }
}
