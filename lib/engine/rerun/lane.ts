import type { DatabaseConnection } from "../../database/driver/driver.ts";
import { withStatementTimeout } from "../commits/statement-timeout.ts";
import type { Snapshot, Transactions } from "../commits/transactions.ts";
import type { LiveQueries } from "../queries/live-queries.ts";
import type { LiveQuery } from "../queries/live-query.ts";
import type { Batch } from "./batch.ts";
import type { DetachedRuns } from "./detached-runs.ts";
import { isSideBySide, mayDetach } from "./query-capacity.ts";
import type { RunOrder } from "./run-order.ts";
import type { RunQueryParts } from "./run-query.ts";
import { begin, type Running } from "./running.ts";

/** What is read in a snapshot beside what queries read: the records of clients that have come back. */
export interface LookUps {
  /** @param revision The revision of the snapshot that the connection shows. */
  lookUp(connection: DatabaseConnection, revision: number): Promise<void>;
}

export interface LaneParts extends RunQueryParts {
  readonly transactions: Transactions;
  readonly liveQueries: LiveQueries;
  readonly order: RunOrder;
  /** Where it goes on when the batch does not wait for it any more. */
  readonly detached: DetachedRuns;
  /** Ends a snapshot, while the batch goes on. */
  endSnapshot(snapshot: Snapshot): void;
}

/**
 * One snapshot of a batch: runs one query of the batch after the other, until none is left, the batch's time is over, or
 * the snapshot is spent. Ends the snapshot, unless it leaves the batch with it (see `DetachedRuns`).
 */
export class Lane {
  readonly #parts: LaneParts;
  readonly #batch: Batch;
  readonly #snapshot: Snapshot;

  constructor(parts: LaneParts, batch: Batch, snapshot: Snapshot) {
    this.#parts = parts;
    this.#batch = batch;
    this.#snapshot = snapshot;
  }

  /**
   * Runs queries of the batch. Resolves when the batch need not wait for it any more.
   * @param lookUps What is looked up before them.
   * @throws when the connection was lost: the query that ran then has no answer.
   */
  async run(lookUps: LookUps | undefined): Promise<void> {
    let hasLeft = false;
    try {
      if (lookUps) await this.#inTime(lookUps.lookUp(this.#snapshot.connection, this.#batch.revision));
      hasLeft = await this.#runQueries();
    } finally {
      if (!hasLeft) this.#parts.endSnapshot(this.#snapshot);
    }
  }

  /** @returns whether it has left the batch, and keeps its snapshot. */
  async #runQueries(): Promise<boolean> {
    const batch = this.#batch;
    const { environment } = this.#parts;
    for (let live = batch.next(0), ms = 0; live; live = batch.next(this.#interrupts ? 0 : ms)) {
      const running = begin(this.#parts, live, this.#snapshot.connection);
      if (await this.#takesTooLong(running)) return this.#leave(running);
      const { answer, readsIdentity, isSpent } = await running.ended;
      ms = environment.now() - running.since;
      batch.rotation.spend(live, ms);
      batch.finish(live, answer);
      if (readsIdentity && !live.perCaller) this.#addOwn(live);
      if (isSpent) return false;
    }
    return this.#leaveWithRest();
  }

  /** Can the batch go on while a run of its goes on? Otherwise none may begin that would not end in time. */
  get #interrupts(): boolean {
    const { load } = this.#parts.detached;
    return load.overlaps && isSideBySide(load);
  }

  get #mayLeave(): boolean {
    return mayDetach(this.#parts.detached.load);
  }

  async #takesTooLong({ live, ended }: Running): Promise<boolean> {
    // What runs apart is not waited for, where others need not wait for it.
    const isApart = isSideBySide(this.#parts.detached.load) && this.#parts.liveQueries.costs.runsApart(live);
    return this.#mayLeave && (isApart || (await this.#batch.deadline.passesBefore(ended)));
  }

  /** The batch goes on without the run that takes too long, and this snapshot is kept for it. */
  #leave(running: Running): true {
    const { detached, order } = this.#parts;
    if (isSideBySide(detached.load) && this.#batch.deadline.isPassed) order.leave(this.#batch);
    detached.add(this.#batch, this.#snapshot, running);
    return true;
  }

  /** If there was no time for all, and two snapshots can be open at once, this one is kept for what runs apart. */
  #leaveWithRest(): boolean {
    const { detached, order } = this.#parts;
    const batch = this.#batch;
    if (!isSideBySide(detached.load) || !(batch.hasQueued || batch.isLeft)) return false;
    order.leave(batch);
    if (!batch.hasApart || !this.#mayLeave) return false;
    detached.add(batch, this.#snapshot);
    return true;
  }

  /** Adds the other callers' own live queries to the batch: they run at the same revision. */
  #addOwn(live: LiveQuery): void {
    const { liveQueries, transactions } = this.#parts;
    const batch = this.#batch;
    // What the batch has taken already is of its revision: if it is due again, that is for the next batch.
    const own = liveQueries.splitByCaller(live).filter((other) => !batch.has(other) && liveQueries.takeIfDue(other));
    batch.add(batch.rotation.inTurns(own));
    if (transactions.revision !== batch.revision) for (const other of own) batch.suspect(other);
  }

  #inTime<T>(asked: Promise<T>): Promise<T> {
    const { environment, limits } = this.#parts;
    return withStatementTimeout(environment, limits.databaseTimeoutMs, this.#snapshot.connection, asked);
  }
}
