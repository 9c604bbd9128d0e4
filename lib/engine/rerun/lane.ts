import type { DatabaseConnection } from "../../database/driver/driver.ts";
import { withStatementTimeout } from "../commits/statement-timeout.ts";
import type { Snapshot, Transactions } from "../commits/transactions.ts";
import type { LiveQueries } from "../queries/live-queries.ts";
import type { LiveQuery } from "../queries/live-query.ts";
import type { Batch } from "./batch.ts";
import type { DetachedRuns } from "./detached-runs.ts";
import { isSideBySide, mayDetach, runOrder } from "./query-capacity.ts";
import { type Ran, type RunQueryParts, runQuery } from "./run-query.ts";

/** What is read in a snapshot beside what queries read: the records of clients that have come back. */
export interface LookUps {
  /** @param revision The revision of the snapshot that the connection shows. */
  lookUp(connection: DatabaseConnection, revision: number): Promise<void>;
}

export interface LaneParts extends RunQueryParts {
  readonly transactions: Transactions;
  readonly liveQueries: LiveQueries;
}

/**
 * One snapshot of a batch: runs one query of the batch after the other, until none is left, one is detached, or the
 * snapshot is spent. Ends the snapshot, unless a detached run keeps it.
 */
export class Lane {
  readonly #parts: LaneParts;
  readonly #detached: DetachedRuns;
  readonly #batch: Batch;
  readonly #snapshot: Snapshot;

  /** @param detached Where a run goes on that takes too long. */
  constructor(parts: LaneParts, detached: DetachedRuns, batch: Batch, snapshot: Snapshot) {
    this.#parts = parts;
    this.#detached = detached;
    this.#batch = batch;
    this.#snapshot = snapshot;
  }

  /**
   * Runs queries of the batch.
   * @param lookUps What is looked up before them.
   * @throws when the connection was lost: the query that ran then has no answer.
   */
  async run(lookUps: LookUps | undefined): Promise<void> {
    const batch = this.#batch;
    const { connection } = this.#snapshot;
    let isDetached = false;
    try {
      if (lookUps) await this.#inTime(lookUps.lookUp(connection, batch.revision));
      for (let live = batch.next(); live; live = batch.next()) {
        const run = runQuery(this.#parts, live, connection);
        isDetached = this.#mayDetach && (this.#isKnownSlow(live) || (await this.#takesLong(run)));
        if (isDetached) return this.#detached.add(batch, live, run, this.#snapshot);
        const { answer, readsIdentity, isSpent } = await run;
        batch.finish(live, answer);
        if (readsIdentity && !live.perCaller) this.#addOwn(live);
        if (isSpent) return;
      }
    } finally {
      if (!isDetached) await this.#snapshot.close();
    }
  }

  get #mayDetach(): boolean {
    return mayDetach(this.#detached.load);
  }

  /** What was slow the last time is detached at once, where others need not wait for it. */
  #isKnownSlow(live: LiveQuery): boolean {
    return isSideBySide(this.#detached.load) && this.#parts.liveQueries.isSlow(live);
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

  /** Adds the other callers' own live queries to the batch: they run at the same revision. */
  #addOwn(live: LiveQuery): void {
    const { liveQueries, transactions } = this.#parts;
    const batch = this.#batch;
    // What the batch has taken already is of its revision: if it is due again, that is for the next batch.
    const own = liveQueries.splitByCaller(live).filter((other) => !batch.has(other) && liveQueries.takeIfDue(other));
    batch.add(runOrder(this.#detached.load, own, (other) => liveQueries.isSlow(other)));
    if (transactions.revision !== batch.revision) for (const other of own) batch.suspect(other);
  }

  #inTime<T>(asked: Promise<T>): Promise<T> {
    const { environment, limits } = this.#parts;
    return withStatementTimeout(environment, limits.databaseTimeoutMs, this.#snapshot.connection, asked);
  }
}
