import type { DatabaseConnection } from "../../database/driver/driver.ts";
import type { Cancel, Environment } from "../../environment/environment.ts";
import type { Invalidation } from "../../invalidation/invalidation.ts";
import { toWire } from "../../values/wire.ts";
import type { Transactions } from "../commits/transactions.ts";
import type { EngineLimits } from "../run/limits.ts";
import type { Registry } from "../run/registry.ts";
import { Run } from "../run/run.ts";
import { withTimeLimit } from "../run/time-limit.ts";
import type { LiveQueries } from "./live-queries.ts";
import type { LiveQuery } from "./live-query.ts";

export interface MissingInvalidationParts {
  readonly environment: Environment;
  readonly limits: EngineLimits;
  readonly transactions: Transactions;
  readonly liveQueries: LiveQueries;
  readonly counters: { checkRuns: number };
  registry(): Registry;
}

/** How long nothing must have been committed before we look, in milliseconds. */
const REST = 300;
/** How many live queries one look runs again. */
const MOST = 50;

/** A live query, and what it showed at the revision of the look. */
interface Shown {
  readonly live: LiveQuery;
  readonly text: string;
}

/**
 * Development only: finds live queries that a commit changed without announcing it, and names both. It looks when things
 * have come to rest, at queries that no commit since their last run has announced, and leaves every view as production
 * would leave it.
 *
 * A query that differs between two runs with no commit between them (`now()`, chance) proves nothing and is left alone.
 */
export class MissingInvalidations {
  readonly #parts: MissingInvalidationParts;
  /** Paths of mutations committed since the last look. */
  #suspects = new Set<string>();
  /** The queries that those announced, for some arguments or other. */
  #announced = new Set<string>();
  #lastCommit = 0;
  #cancelTimer: Cancel = () => {};
  #look: Promise<void> | undefined;
  /** Live queries that answer differently for no reason of ours. */
  readonly #unsteady = new WeakSet<LiveQuery>();
  /** What was said already, until the functions change. */
  readonly #told = new Set<string>();

  constructor(parts: MissingInvalidationParts) {
    this.#parts = parts;
  }

  /** A mutation has committed. */
  committed(mutation: string, revision: number, invalidations: readonly Invalidation[]): void {
    this.#suspects.add(mutation);
    for (const { path } of invalidations) this.#announced.add(path);
    this.#lastCommit = revision;
    this.#lookLater();
  }

  /** The functions have been replaced: what was wrong with the old ones says nothing about the new. */
  forget(): void {
    this.#suspects.clear();
    this.#announced.clear();
    this.#told.clear();
    this.#lastCommit = 0;
  }

  /** Resolves when no look is under way. */
  async settled(): Promise<void> {
    await this.#look;
  }

  async close(): Promise<void> {
    this.#cancelTimer();
    this.#suspects.clear();
    await this.#look;
    this.#cancelTimer();
  }

  #lookLater(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#parts.environment.after(REST, () => {
      if (this.#look) return this.#lookLater();
      this.#look = this.#lookNow()
        // The database may be away; what it would have told is development's loss only.
        .catch(() => {})
        .finally(() => {
          this.#look = undefined;
        });
    });
  }

  async #lookNow(): Promise<void> {
    const suspects = [...this.#suspects];
    const first = await this.#runAll((revision) => this.#worthALook(revision));
    const changed = first.differing;
    this.#suspects = new Set([...this.#suspects].filter((suspect) => !suspects.includes(suspect)));
    if (changed.length === 0) return;
    const second = await this.#runAll(() => changed);
    if (second.revision !== first.revision) {
      // A commit came between the two: nothing is proved. It has us look again.
      for (const suspect of suspects) this.#suspects.add(suspect);
      return this.#lookLater();
    }
    for (const { live } of second.differing) this.#unsteady.add(live);
    for (const shown of changed) if (!this.#unsteady.has(shown.live)) this.#tell(shown.live, suspects);
  }

  /** What has not run since the last commit, although it counts as fresh. */
  #worthALook(revision: number): Shown[] {
    const worth: Shown[] = [];
    for (const live of this.#parts.liveQueries.all()) {
      const answer = live.fresh;
      if (!answer?.ok || live.watchers.size === 0 || this.#unsteady.has(live)) continue;
      if (live.answeredAt >= Math.min(revision, this.#lastCommit)) continue;
      worth.push({ live, text: answer.valueText });
      if (worth.length === MOST) break;
    }
    return worth;
  }

  /** Runs them in one snapshot. Those that differ from what they showed come back with what they answer now. */
  async #runAll(choose: (revision: number) => Shown[]): Promise<{ revision: number; differing: Shown[] }> {
    let revision = 0;
    let chosen: Shown[] = [];
    const [snapshot] = await this.#parts.transactions.openSnapshots(1, (at) => {
      revision = at;
      chosen = choose(at);
    });
    if (!snapshot) return { revision, differing: [] };
    const differing: Shown[] = [];
    try {
      for (const { live, text } of chosen) {
        const now = await this.#run(live, snapshot.connection);
        if (now !== text) differing.push({ live, text: now });
        live.confirmAt(revision);
      }
    } finally {
      await snapshot.close();
    }
    return { revision, differing };
  }

  async #run(live: LiveQuery, connection: DatabaseConnection): Promise<string> {
    const { environment, limits, counters } = this.#parts;
    counters.checkRuns++;
    const work = new Run(this.#parts.registry(), live.caller).query(live.call, connection.db);
    const value = await withTimeLimit(environment, limits.queryTimeoutMs, live.path, work, () => connection.destroy());
    return JSON.stringify(toWire(value));
  }

  #tell(live: LiveQuery, suspects: readonly string[]): void {
    const { log } = this.#parts.environment;
    const about = `${suspects.join()} ${live.path}`;
    if (this.#told.has(about)) return;
    this.#told.add(about);
    const query = `${live.path}(${Object.keys(live.call.args).length > 0 ? JSON.stringify(toWire(live.call.args)) : ""})`;
    const who = suspects.length === 1 ? `${suspects[0]} has` : `One of ${suspects.join(", ")} has`;
    const forThese = this.#announced.has(live.path) ? " for these arguments" : "";
    const reference = `api.${live.path.replace(/[/:]/g, ".")}`;
    const message =
      `${who} changed what ${query} answers, and did not announce it${forThese}: open pages do not see the change. ` +
      `Add \`await scheduler.invalidate(${reference}, …)\` to the mutation.`;
    log.warn(message);
    for (const watcher of live.watchers) watcher.notice(message);
  }
}
