import type { DatabaseConnection, Driver } from "../../database/driver/driver.ts";
import type { Cancel, Environment } from "../../environment/environment.ts";
import type { Answer } from "../answers/answer.ts";
import { encodeAnswer, encodeError } from "../answers/encode-answer.ts";
import { withStatementTimeout } from "../commits/statement-timeout.ts";
import type { Snapshot, Transactions } from "../commits/transactions.ts";
import { type Failures, TimeLimitError } from "../run/failures.ts";
import type { EngineLimits } from "../run/limits.ts";
import type { Registry } from "../run/registry.ts";
import { Run } from "../run/run.ts";
import { withTimeLimit } from "../run/time-limit.ts";
import type { LiveQueries } from "./live-queries.ts";
import type { LiveQuery } from "./live-query.ts";

/** What else a batch does beside running queries: the connections' side of it. */
export interface TransitionSink {
  /** Is there something to send although no query is due? */
  readonly waiting: boolean;
  /** Something to look up in the snapshot that the next answers come from. */
  readonly hasLookups: boolean;
  /** @param revision The revision of the snapshot that the connection shows. */
  lookUp(connection: DatabaseConnection, revision: number): Promise<void>;
  /**
   * Everything that is known now is of this revision, but for what is unsettled: send it to whoever watches none of that.
   * @param detached Of the unsettled ones, those that run at this very revision and will answer for it.
   */
  deliver(revision: number, unsettled: ReadonlySet<LiveQuery>, detached: ReadonlySet<LiveQuery>): void;
}

export interface RerunLoopParts {
  readonly driver: Driver;
  readonly environment: Environment;
  readonly limits: EngineLimits;
  readonly transactions: Transactions;
  readonly liveQueries: LiveQueries;
  readonly failures: Failures;
  readonly counters: { queryRuns: number; serialisations: number };
  registry(): Registry;
  sink(): TransitionSink;
}

/**
 * How many fast queries share a snapshot before another is opened beside it, where that gains anything, and how many a
 * batch may open. What shares one runs one after the other: more would spare the server a BEGIN and leave it without work.
 */
const QUERIES_PER_SNAPSHOT = 2;
const MAX_SNAPSHOTS = 4;
/** Connections that queries leave to mutations, however many of them are slow. */
const LEFT_TO_MUTATIONS = 3;

/** How often a query may lose its connection in a row before that is its answer: it may be what ends them. */
const LOST_RUNS = 3;
/** After a run that failed for want of the database: when it is run again, and how long the pauses grow. Milliseconds. */
const RUN_AGAIN = 1_000;
const LONGEST_PAUSE = 30_000;
/** So often a query that takes too long is run again by itself; then whoever asks anew, or the next commit, may. */
const TOO_LONG_RUNS = 5;

/** One revision, and the queries that run at it. */
interface Batch {
  revision: number;
  /** Not begun yet. */
  queue: LiveQuery[];
  readonly taken: Set<LiveQuery>;
  /** Answered, and not visible yet. */
  readonly finished: Map<LiveQuery, Answer>;
  /** Left the batch, and still running at its revision. */
  readonly detached: Set<LiveQuery>;
  /** Settles once its answers are visible: nothing at its revision may be shown before. */
  readonly published: PromiseWithResolvers<void>;
  /** Made while the batch ran: the announcement of a commit in between may have missed them. */
  readonly suspect: Set<LiveQuery>;
}

/** How a run ended. `spent`: its snapshot cannot be used any further. */
interface Ran {
  answer: Answer;
  readsIdentity: boolean;
  spent: boolean;
}

/**
 * The loop that makes stale answers true again: the only caller of live queries.
 *
 * Stale queries run in batches, each at one revision R: in one read snapshot, or in several of the same revision where
 * the database runs them side by side. What a batch answers becomes visible in one step, when all of it is there; then
 * every answer known is valid at R (what was not in the batch was not stale at R), and each client is moved to R whole.
 * A commit that lands meanwhile leaves its queries stale for the next batch.
 *
 * A query that runs long leaves its batch: clients that do not watch it go on, the others keep what the rest of the
 * batch answered until it has finished (see `ClientConnection.hold`).
 */
export class RerunLoop {
  readonly #parts: RerunLoopParts;
  readonly #none: ReadonlySet<LiveQuery> = new Set();
  #loop: Promise<void> | undefined;
  #closed = false;
  /** The revision of everything that is visible. */
  #revision = 0;
  /** Runs that have left their batch. */
  readonly #detached = new Set<Promise<void>>();
  /** Those that will be run again by themselves. */
  readonly #again = new Map<LiveQuery, Cancel>();

  constructor(parts: RerunLoopParts) {
    this.#parts = parts;
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
    for (const cancel of this.#again.values()) cancel();
    await Promise.all([this.#loop, ...this.#detached]);
  }

  get #hasWork(): boolean {
    const sink = this.#parts.sink();
    return this.#hasDue || sink.hasLookups || sink.waiting;
  }

  async #untilSettled(): Promise<void> {
    // Whoever woke us goes on first: what it asks for in the same step belongs to the same batch.
    await Promise.resolve();
    for (let failed = 0; this.#hasWork && !this.#closed; ) {
      try {
        await this.#runBatch();
        failed = 0;
      } catch (error) {
        failed++;
        if (failed > 1) this.#parts.environment.log.warn("Live queries wait: the database does not answer", { error });
        await new Promise<void>((resolve) => this.#parts.environment.after(Math.min(2_000, 25 * 2 ** failed), resolve));
      }
    }
  }

  async #runBatch(): Promise<void> {
    const { liveQueries, transactions } = this.#parts;
    if (!this.#hasDue && !this.#parts.sink().hasLookups) {
      this.#revision = transactions.revision;
      return this.#deliver(this.#revision, this.#none);
    }
    const batch: Batch = {
      revision: transactions.revision,
      queue: [],
      taken: new Set(),
      finished: new Map(),
      detached: new Set(),
      published: Promise.withResolvers(),
      suspect: new Set(),
    };
    const snapshots = await transactions.openSnapshots(this.#snapshotsNeeded(), (revision) => {
      batch.revision = revision;
      this.#enqueue(batch, liveQueries.takeDue(this.#mayBeSlow));
    });
    const lanes = await Promise.allSettled(snapshots.map((snapshot, i) => this.#lane(batch, snapshot, i === 0)));
    const unfinished = [...batch.taken].filter((live) => !batch.finished.has(live) && !batch.detached.has(live));
    // Whoever lost the connection comes last the next time: it may lose every one.
    for (const live of unfinished.sort((a, b) => a.consecutiveLostRuns - b.consecutiveLostRuns))
      liveQueries.putBack(live);
    this.#publish(batch);
    for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
  }

  get #hasDue(): boolean {
    return this.#parts.liveQueries.hasDue(this.#mayBeSlow);
  }

  get #isSideBySide(): boolean {
    return this.#parts.driver.connections > 1;
  }

  /** How many snapshots a batch may open. Runs that have left their batch keep theirs. */
  get #room(): number {
    const left = this.#parts.driver.connections - LEFT_TO_MUTATIONS - this.#detached.size;
    return Math.max(1, Math.min(MAX_SNAPSHOTS, left));
  }

  /** Is there a snapshot for a query that keeps it? Otherwise the slow ones wait for each other, and nobody for them. */
  get #mayBeSlow(): boolean {
    return !this.#isSideBySide || this.#room > 1;
  }

  /** Whoever leaves a batch keeps a connection. Where that cannot be, the batch waits. */
  get #mayDetach(): boolean {
    return !this.#isSideBySide || this.#detached.size < this.#parts.driver.connections - LEFT_TO_MUTATIONS;
  }

  /** A query known to be slow gets a snapshot of its own, so that nobody waits behind it. */
  #snapshotsNeeded(): number {
    const room = this.#room;
    const { due, slow } = this.#parts.liveQueries.countDue();
    const ownSnapshots = Math.min(slow, room - 1);
    const perSnapshot = this.#parts.driver.overlaps ? QUERIES_PER_SNAPSHOT : Number.POSITIVE_INFINITY;
    return Math.min(room, ownSnapshots + Math.max(1, Math.ceil((due - ownSnapshots) / perSnapshot)));
  }

  #enqueue(batch: Batch, due: LiveQuery[]): void {
    for (const live of due) batch.taken.add(live);
    const { liveQueries } = this.#parts;
    const slow = due.filter((live) => liveQueries.isSlow(live));
    const first = slow.splice(0, this.#isSideBySide ? this.#room - 1 : 0);
    // Those for which there is no snapshot of their own come last.
    batch.queue.push(...first, ...due.filter((live) => !liveQueries.isSlow(live)), ...slow);
  }

  /** Runs one query after the other in one snapshot, until none is left, one leaves, or the snapshot is spent. */
  async #lane(batch: Batch, snapshot: Snapshot, isFirst: boolean): Promise<void> {
    let left = false;
    try {
      const sink = this.#parts.sink();
      if (isFirst && sink.hasLookups) {
        await this.#inTime(snapshot.connection, sink.lookUp(snapshot.connection, batch.revision));
      }
      for (let live = batch.queue.shift(); live; live = batch.queue.shift()) {
        const run = this.#run(live, snapshot.connection);
        // What was slow the last time leaves at once, where others need not wait for it.
        left =
          this.#mayDetach &&
          ((this.#isSideBySide && this.#parts.liveQueries.isSlow(live)) || (await this.#takesLong(run)));
        if (left) return this.#detach(batch, live, run, snapshot);
        const { answer, readsIdentity: perCaller, spent } = await run;
        batch.finished.set(live, answer);
        if (perCaller && !live.perCaller) this.#addOwn(batch, live);
        if (spent) return;
      }
    } finally {
      if (!left) await snapshot.close();
    }
  }

  /** Resolves with whether `run` is still going on after the time that a batch waits. */
  #takesLong(run: Promise<Ran>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const cancel = this.#parts.environment.after(this.#parts.limits.slowQueryMs, () => resolve(true));
      run
        .then(
          () => resolve(false),
          // The connection is lost: whoever awaits the run hears of it.
          () => resolve(false),
        )
        .then(cancel, reject);
    });
  }

  #detach(batch: Batch, live: LiveQuery, run: Promise<Ran>, snapshot: Snapshot): void {
    const { liveQueries } = this.#parts;
    const isGuess = liveQueries.isSlow(live);
    batch.detached.add(live);
    liveQueries.detach(live);
    // It has taken long already, unless it left at once: so do others like it, probably, which begin before this one ends.
    liveQueries.noteSpeed(live, true);
    const late: Promise<void> = this.#finishDetached(live, run, batch, isGuess)
      .finally(() => snapshot.close())
      .finally(() => {
        this.#detached.delete(late);
        this.wake();
      });
    this.#detached.add(late);
  }

  /**
   * The answer of a query that had left its batch, at the batch's revision.
   * @param isGuess It left at once, because it was slow the last time.
   */
  async #finishDetached(live: LiveQuery, run: Promise<Ran>, batch: Batch, isGuess: boolean): Promise<void> {
    const { liveQueries, environment, limits } = this.#parts;
    const since = environment.now();
    const ran = await run.catch(() => undefined);
    if (isGuess) liveQueries.noteSpeed(live, environment.now() - since >= limits.slowQueryMs);
    await batch.published.promise;
    if (!ran) {
      liveQueries.putBack(live);
      for (const watcher of [...live.watchers]) watcher.detachedLost(live);
      return;
    }
    if (ran.readsIdentity && !live.perCaller) this.#split(live);
    this.#show(live, ran.answer, batch);
    for (const watcher of [...live.watchers]) watcher.detachedFinished(live, batch.revision);
    this.#deliver(this.#revision, this.#none);
    this.#settleWaiters(live, batch.revision);
  }

  /** Runs one query; rejects only when its connection was lost. */
  async #run(live: LiveQuery, connection: DatabaseConnection): Promise<Ran> {
    const { environment, limits, failures, counters, driver } = this.#parts;
    const { call } = live;
    const run = new Run(this.#parts.registry(), live.caller);
    counters.queryRuns++;
    try {
      const work = run.query(call, connection.db);
      const value = await withTimeLimit(environment, limits.queryTimeoutMs, call.path, work, () =>
        connection.destroy(),
      );
      counters.serialisations++;
      const answer = encodeAnswer(live.id, call.path, value, limits.resultBytes, live.answer);
      live.consecutiveLostRuns = 0;
      live.consecutiveFailedRuns = 0;
      return { answer, readsIdentity: run.readsIdentity, spent: false };
    } catch (error) {
      const late = error instanceof TimeLimitError;
      const failure = late ? "late" : driver.classify(error);
      live.consecutiveLostRuns = failure === "connectionLost" ? live.consecutiveLostRuns + 1 : 0;
      if (failure === "connectionLost" && live.consecutiveLostRuns < LOST_RUNS) throw error;
      const isRetryable = failure !== "other" && failure !== "refusedWrite";
      const answer = encodeError(live.id, failures.toWireError(error, call.path, call.fn), isRetryable);
      // A statement that failed may have ended the transaction for every statement after it.
      const spent =
        late || !(await this.#inTime(connection, connection.execute("select 1")).then(Boolean, () => false));
      return { answer, readsIdentity: run.readsIdentity, spent };
    }
  }

  #inTime<T>(connection: DatabaseConnection, asked: Promise<T>): Promise<T> {
    return withStatementTimeout(this.#parts.environment, this.#parts.limits.databaseTimeoutMs, connection, asked);
  }

  /** Adds the other callers' own live queries to the batch: they run at the same revision. */
  #addOwn(batch: Batch, live: LiveQuery): void {
    // What the batch has taken already, such as the live query itself, is of its revision: if it is due again, that is for the next.
    const own = this.#split(live).filter(
      (other) => !batch.taken.has(other) && this.#parts.liveQueries.takeIfDue(other),
    );
    this.#enqueue(batch, own);
    if (this.#parts.transactions.revision !== batch.revision) for (const other of own) batch.suspect.add(other);
  }

  /** Gives every other caller a live query of its own. */
  #split(live: LiveQuery): LiveQuery[] {
    const { liveQueries } = this.#parts;
    liveQueries.makePerCaller(live);
    for (const watcher of [...live.watchers]) if (watcher.caller.key !== live.caller.key) watcher.rebind(live);
    const others = live.waiters.filter((waiter) => waiter.caller.key !== live.caller.key);
    live.waiters = live.waiters.filter((waiter) => waiter.caller.key === live.caller.key);
    for (const waiter of others) liveQueries.addWaiter(live.call, waiter);
    return liveQueries.perCallerMembers(live.key);
  }

  /** Makes a batch visible: all of it, in one step. */
  #publish(batch: Batch): void {
    this.#revision = batch.revision;
    try {
      for (const [live, answer] of batch.finished) this.#show(live, answer, batch);
      this.#deliver(batch.revision, batch.detached);
      for (const live of batch.finished.keys()) this.#settleWaiters(live, batch.revision);
    } finally {
      // Runs that have left the batch wait for this, with their connections.
      batch.published.resolve();
    }
  }

  /** Makes an answer of the batch's revision visible. */
  #show(live: LiveQuery, answer: Answer, batch: Batch): void {
    const { liveQueries } = this.#parts;
    // The very next commit may have missed it.
    if (batch.suspect.has(live)) live.staleSince = Math.min(live.staleSince, batch.revision + 1);
    liveQueries.show(live);
    liveQueries.requeueIfStale(live);
    live.answeredAt = batch.revision;
    if (!answer.ok && answer.isRetryable) this.#runAgainLater(live);
    if (sameAnswer(live.answer, answer)) return;
    live.answer = answer;
    for (const watcher of live.watchers) watcher.changed(live);
  }

  /** What failed for want of the database is no answer to stay with: no commit may come that calls for another run. */
  #runAgainLater(live: LiveQuery): void {
    const { environment, liveQueries } = this.#parts;
    if (live.consecutiveLostRuns === 0 && live.consecutiveFailedRuns >= TOO_LONG_RUNS) return;
    this.#again.get(live)?.();
    const pause = Math.min(LONGEST_PAUSE, RUN_AGAIN * 2 ** live.consecutiveFailedRuns++);
    const cancel = environment.after(pause, () => {
      this.#again.delete(live);
      if (!live.hasTransientError || !live.wanted || live.dropped) return;
      liveQueries.request(live);
      this.wake();
    });
    this.#again.set(live, cancel);
  }

  #deliver(revision: number, detached: ReadonlySet<LiveQuery>): void {
    this.#parts.sink().deliver(revision, this.#parts.liveQueries.unsettledAt(revision), detached);
  }

  /** Whoever asked before the first commit that the answer does not hold has it now. */
  #settleWaiters(live: LiveQuery, revision: number): void {
    const { liveQueries } = this.#parts;
    const { answer } = live;
    const served = answer ? live.waiters.filter(({ asked }) => asked < live.staleSince) : [];
    live.waiters = live.waiters.filter((waiter) => !served.includes(waiter));
    for (const waiter of served) if (answer) waiter.resolve({ live, answer, revision });
    liveQueries.requeueIfStale(live);
    liveQueries.dropIfIdle(live);
  }
}

function sameAnswer(before: Answer | undefined, after: Answer): boolean {
  if (before === after) return true;
  if (!before?.ok || !after.ok) return before?.text === after.text;
  // Another hash says enough: the text of a list is put together only when somebody needs it.
  return before.hash === after.hash && before.valueText === after.valueText;
}
