import type { Connection, Driver } from "../database/driver.ts";
import type { Environment } from "../environment/environment.ts";
import { errorAnswer, valueAnswer } from "./answer.ts";
import { withDeadline } from "./deadline.ts";
import { DeadlineError, type Failures } from "./failures.ts";
import type { EngineLimits } from "./limits.ts";
import type { LiveQueries } from "./live-queries.ts";
import type { Answer, LiveQuery } from "./live-query.ts";
import type { Registry } from "./registry.ts";
import { Run } from "./run.ts";
import type { Transactions } from "./transactions.ts";

/** What else a batch does beside running queries: the sessions' side of it. */
export interface Audience {
  /** Is there something to send although no query is due? */
  readonly waiting: boolean;
  /** Something to look up in the snapshot that the next answers come from. */
  readonly hasLookups: boolean;
  lookUp(connection: Connection): Promise<void>;
  /** Everything that is known now is of this position: send it. */
  deliver(position: number): void;
}

export interface SettleParts {
  readonly driver: Driver;
  readonly environment: Environment;
  readonly limits: EngineLimits;
  readonly transactions: Transactions;
  readonly liveQueries: LiveQueries;
  readonly failures: Failures;
  readonly counters: { queryRuns: number; serialisations: number };
  registry(): Registry;
  audience(): Audience;
}

/**
 * The loop that makes stale answers true again: the only caller of live queries.
 *
 * Stale queries run in batches, each in one read snapshot at one position P. Nothing of a batch is visible before all of
 * it is there; then every answer known is valid at P (what was not in the batch was not stale at P), and each client is
 * moved to P whole. A commit that lands meanwhile leaves its queries stale for the next batch.
 */
export class Settle {
  readonly #parts: SettleParts;
  #loop: Promise<void> | undefined;
  #closed = false;
  /** Answers of batches that broke off, waiting for one that ends: still true, unless their query is stale again. */
  readonly #finished = new Map<LiveQuery, Answer>();

  constructor(parts: SettleParts) {
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
    while (this.#loop) await this.#loop;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#loop;
  }

  get #hasWork(): boolean {
    const audience = this.#parts.audience();
    return this.#parts.liveQueries.hasDue || audience.hasLookups || audience.waiting || this.#finished.size > 0;
  }

  async #untilSettled(): Promise<void> {
    // Whoever woke us goes on first: what it asks for in the same step belongs to the same batch.
    await Promise.resolve();
    for (let failed = 0; this.#hasWork && !this.#closed; ) {
      try {
        await this.#batch();
        failed = 0;
      } catch (error) {
        failed++;
        if (failed > 1) this.#parts.environment.log.warn("Live queries wait: the database does not answer", { error });
        await new Promise<void>((resolve) => this.#parts.environment.after(Math.min(2_000, 25 * 2 ** failed), resolve));
      }
    }
  }

  async #batch(): Promise<void> {
    const { liveQueries, transactions } = this.#parts;
    const audience = this.#parts.audience();
    if (!liveQueries.hasDue && !audience.hasLookups) return this.#publish(transactions.head);
    let position = 0;
    let due: LiveQuery[] = [];
    try {
      await transactions.read(
        (at) => {
          position = at;
          due = liveQueries.takeDue();
        },
        async (connection) => {
          await this.#runAll(due, connection, position);
          if (audience.hasLookups) await audience.lookUp(connection);
        },
      );
    } catch (error) {
      for (const live of due) if (!this.#finished.has(live)) liveQueries.putBack(live);
      if (!(error instanceof SnapshotSpent)) throw error;
      if (liveQueries.hasDue || audience.hasLookups) return;
    }
    this.#publish(position);
  }

  /** Runs them one after the other in one snapshot. A run that turns out to be personal adds the other callers' own. */
  async #runAll(due: LiveQuery[], connection: Connection, position: number): Promise<void> {
    const suspect = new Set<LiveQuery>();
    for (let i = 0; i < due.length; i++) {
      const live = due[i] as LiveQuery;
      const { answer, personal, spent } = await this.#run(live, connection);
      this.#finished.set(live, answer);
      if (suspect.has(live)) live.stale = true;
      if (personal && !live.personal) {
        const made = this.#split(live);
        due.push(...made);
        // They came into being after P: a commit in between announced nothing to them.
        if (this.#parts.transactions.head !== position) for (const own of made) suspect.add(own);
      }
      if (spent) throw new SnapshotSpent();
    }
  }

  async #run(live: LiveQuery, connection: Connection): Promise<{ answer: Answer; personal: boolean; spent: boolean }> {
    const { environment, limits, failures, counters, driver } = this.#parts;
    const { call } = live;
    const run = new Run(this.#parts.registry(), live.caller);
    counters.queryRuns++;
    try {
      const work = run.query(call, connection.db);
      const value = await withDeadline(environment, limits.queryTime, call.address, work, () => connection.destroy());
      counters.serialisations++;
      const answer = valueAnswer(live.id, call.address, value, limits.resultBytes);
      return { answer, personal: run.readsIdentity, spent: false };
    } catch (error) {
      const late = error instanceof DeadlineError;
      if (!late && driver.classify(error) === "connectionLost") throw error;
      const answer = errorAnswer(live.id, failures.toWireError(error, call.address, call.fn));
      // A statement that failed may have ended the transaction for every statement after it.
      const spent = late || !(await connection.execute("select 1").then(Boolean, () => false));
      return { answer, personal: run.readsIdentity, spent };
    }
  }

  /** Gives every other caller a live query of its own, to be run in the same snapshot. */
  #split(live: LiveQuery): LiveQuery[] {
    const { liveQueries } = this.#parts;
    liveQueries.makePersonal(live);
    for (const watcher of [...live.watchers]) if (watcher.caller.key !== live.caller.key) watcher.rebind(live);
    const others = live.waiters.filter((waiter) => waiter.caller.key !== live.caller.key);
    live.waiters = live.waiters.filter((waiter) => waiter.caller.key === live.caller.key);
    for (const waiter of others) liveQueries.adopt(live.call, waiter);
    return liveQueries.personalOnes(live.key).filter((own) => liveQueries.takeIfDue(own));
  }

  /** Makes a finished batch visible: all of it, in one step. */
  #publish(position: number): void {
    const { liveQueries } = this.#parts;
    for (const [live, answer] of this.#finished) {
      live.running = false;
      if (!sameAnswer(live.answer, answer)) {
        live.answer = answer;
        for (const watcher of live.watchers) watcher.changed(live);
      }
    }
    this.#parts.audience().deliver(position);
    for (const live of this.#finished.keys()) {
      const { answer } = live;
      for (const waiter of live.waiters.splice(0)) if (answer) waiter.resolve({ live, answer, position });
      if (live.stale) liveQueries.want(live);
      liveQueries.dropIfIdle(live);
    }
    this.#finished.clear();
  }
}

/** The snapshot cannot be used any further; the rest of the batch, if any, runs in the next one. */
class SnapshotSpent extends Error {
  override name = "SnapshotSpent";
}

function sameAnswer(before: Answer | undefined, after: Answer): boolean {
  if (!before || before.ok !== after.ok) return false;
  return before.ok && after.ok ? before.valueText === after.valueText : before.text === after.text;
}
