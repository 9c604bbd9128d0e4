import type { Answer } from "../answers/answer.ts";
import type { LiveQuery } from "../queries/live-query.ts";

/** One revision, and the queries that run at it. Its answers become visible together. */
export class Batch {
  #revision: number;
  /** Taken, and not begun yet. */
  readonly #queue: LiveQuery[] = [];
  readonly #taken = new Set<LiveQuery>();
  readonly #finished = new Map<LiveQuery, Answer>();
  readonly #detached = new Set<LiveQuery>();
  /** Made while the batch ran: the announcement of a commit in between may have missed them. */
  readonly #suspect = new Set<LiveQuery>();
  readonly #published = Promise.withResolvers<void>();

  constructor(revision: number) {
    this.#revision = revision;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Its snapshots are open, and show this revision. */
  begunAt(revision: number): void {
    this.#revision = revision;
  }

  /** Takes these in, to run in this order. */
  add(queries: readonly LiveQuery[]): void {
    for (const live of queries) this.#taken.add(live);
    this.#queue.push(...queries);
  }

  has(live: LiveQuery): boolean {
    return this.#taken.has(live);
  }

  next(): LiveQuery | undefined {
    return this.#queue.shift();
  }

  suspect(live: LiveQuery): void {
    this.#suspect.add(live);
  }

  isSuspect(live: LiveQuery): boolean {
    return this.#suspect.has(live);
  }

  finish(live: LiveQuery, answer: Answer): void {
    this.#finished.set(live, answer);
  }

  /** It leaves the batch, and still runs at its revision. */
  detach(live: LiveQuery): void {
    this.#detached.add(live);
  }

  /** Answered, and not visible before the batch is published. */
  get finished(): ReadonlyMap<LiveQuery, Answer> {
    return this.#finished;
  }

  get detached(): ReadonlySet<LiveQuery> {
    return this.#detached;
  }

  /** Taken, and neither answered nor detached: their snapshot was lost or spent. */
  get unfinished(): LiveQuery[] {
    return [...this.#taken].filter((live) => !this.#finished.has(live) && !this.#detached.has(live));
  }

  /** Resolves once its answers are visible: nothing else at its revision may be shown before. */
  get published(): Promise<void> {
    return this.#published.promise;
  }

  markPublished(): void {
    this.#published.resolve();
  }
}
