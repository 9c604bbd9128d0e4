import type { Answer } from "../answers/answer.ts";
import type { LiveQuery } from "../queries/live-query.ts";
import type { Deadline } from "./deadline.ts";
import { Rotation } from "./rotation.ts";

/** So many queries of each client are waited for, however long the others' take; more of them only for so long: milliseconds. */
const FIRST_TURNS = 8;
const FIRST_TURNS_MS = 10;

/**
 * One revision, and the queries that run at it. Its answers become visible together, but for those of detached ones: each
 * becomes visible when it is there.
 */
export class Batch {
  /** Whose turn it is, and what the queries of each client have taken. */
  readonly rotation = new Rotation();
  #revision: number;
  #deadline: Deadline | undefined;
  /** Taken, and not begun yet. */
  #queue: LiveQuery[] = [];
  /** Detached, and not begun yet. */
  readonly #apart: LiveQuery[] = [];
  readonly #taken = new Set<LiveQuery>();
  readonly #begun = new Set<LiveQuery>();
  readonly #finished = new Map<LiveQuery, Answer>();
  readonly #detached = new Set<LiveQuery>();
  /** Made while the batch ran: the announcement of a commit in between may have missed them. */
  readonly #suspect = new Set<LiveQuery>();
  readonly #published = Promise.withResolvers<void>();
  #lanesApart = 0;
  #isLeft = false;
  #delaysOthers = false;

  constructor(revision: number) {
    this.#revision = revision;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Its snapshots are open, and show this revision. */
  begunAt(revision: number, deadline: Deadline): void {
    this.#revision = revision;
    this.#deadline = deadline;
  }

  /** Until when it waits for its queries. */
  get deadline(): Deadline {
    if (!this.#deadline) throw new Error("Expected a batch that has begun.");
    return this.#deadline;
  }

  /** Takes these in, to run in this order. */
  add(queries: readonly LiveQuery[]): void {
    for (const live of queries) this.#taken.add(live);
    this.#queue.push(...queries);
  }

  /** Takes these in, to run in this order in the lanes that the batch does not wait for. */
  addApart(queries: readonly LiveQuery[]): void {
    for (const live of queries) {
      this.#taken.add(live);
      this.detach(live);
    }
    this.#apart.push(...queries);
  }

  /** Something runs in it, for want of another lane, that should run apart. */
  delayOthers(): void {
    this.#delaysOthers = true;
  }

  get delaysOthers(): boolean {
    return this.#delaysOthers;
  }

  has(live: LiveQuery): boolean {
    return this.#taken.has(live);
  }

  /**
   * The next one that the batch waits for; undefined when there is none, or no time.
   * @param ms How long its run may take. The first one of a batch runs in any case.
   */
  next(ms: number): LiveQuery | undefined {
    if (this.#begun.size === 0 || (this.deadline.leaves(ms) && !this.#isLate)) return this.#begin(this.#queue);
    return undefined;
  }

  /** Have all clients had their first turns, and is it time that they see the answers? */
  get #isLate(): boolean {
    const next = this.#queue[0];
    return next !== undefined && this.rotation.turnOf(next) >= FIRST_TURNS && this.deadline.hasTaken(FIRST_TURNS_MS);
  }

  /** The next one for a lane that the batch does not wait for. */
  nextApart(): LiveQuery | undefined {
    return this.#begin(this.#apart);
  }

  /** What has been dropped meanwhile has no answer to give. */
  #begin(queue: LiveQuery[]): LiveQuery | undefined {
    let live = queue.shift();
    while (live?.isDropped) live = queue.shift();
    if (live) this.#begun.add(live);
    return live;
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

  /** It leaves the batch, and runs at its revision all the same. */
  detach(live: LiveQuery): void {
    this.#detached.add(live);
    live.detach();
  }

  /** It has no more time. What is selected of that which has not begun is left to the lanes that it does not wait for. */
  leave(select: (live: LiveQuery) => boolean): void {
    this.#isLeft = true;
    const left = this.#queue.filter(select);
    this.#queue = this.#queue.filter((live) => !select(live));
    this.addApart(left);
  }

  /** Has it gone on, with what it had answered? */
  get isLeft(): boolean {
    return this.#isLeft;
  }

  /** A lane works for it that it does not wait for. */
  laneLeft(): void {
    this.#lanesApart++;
  }

  /** Such a lane has ended. */
  laneEnded(): void {
    this.#lanesApart--;
  }

  /** Lanes that work for it and that it does not wait for. */
  get lanesApart(): number {
    return this.#lanesApart;
  }

  /** Is there anything left for such a lane? */
  get hasApart(): boolean {
    return this.#apart.length > 0;
  }

  /** Has it taken queries that it has not begun? */
  get hasQueued(): boolean {
    return this.#queue.length > 0;
  }

  /** Takes out what no lane is left for. */
  takeRest(): LiveQuery[] {
    const rest = this.#apart.splice(0);
    for (const live of rest) this.#detached.delete(live);
    return rest;
  }

  /** Answered, and not visible before the batch is published. */
  get finished(): ReadonlyMap<LiveQuery, Answer> {
    return this.#finished;
  }

  get detached(): ReadonlySet<LiveQuery> {
    return this.#detached;
  }

  /** Taken, and not begun. */
  get unbegun(): LiveQuery[] {
    if (this.#begun.size === this.#taken.size) return [];
    return [...this.#taken].filter((live) => !this.#begun.has(live) && !live.isDropped);
  }

  /** Taken, and neither answered nor detached: their snapshot was lost or spent, or there was no time for them. */
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
