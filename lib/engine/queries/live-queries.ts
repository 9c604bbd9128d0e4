import type { Caller } from "../../auth/caller.ts";
import { ArgumentIndex } from "../../invalidation/argument-index.ts";
import type { Invalidation } from "../../invalidation/invalidation.ts";
import { argumentTexts } from "../run/arguments.ts";
import type { Call } from "../run/run.ts";
import { LiveQuery, type Waiter } from "./live-query.ts";

/** The live queries of one path and arguments: one for everybody, until a run asks who is calling. */
interface Group {
  readsIdentity: boolean;
  /** By caller key; "" holds the shared one while `readsIdentity` is false. */
  readonly members: Map<string, LiveQuery>;
}

/**
 * Every question that somebody watches, waits for or holds a lease on, and which of them are stale.
 *
 * Not here: running them (see `RerunLoop`), who is sent what (see `ClientConnection`).
 */
export class LiveQueries {
  #lastId = 0;
  readonly #none: ReadonlySet<LiveQuery> = new Set();
  readonly #groups = new Map<string, Group>();
  readonly #index = new ArgumentIndex<LiveQuery>();
  /** Queries that were slow when they ran last, whatever their arguments: so others may be. */
  readonly #slowPaths = new Set<string>();
  /** Stale and wanted, in the order they became so. */
  readonly #due = new Set<LiveQuery>();
  /** Those that run, or whose answer is not visible yet. */
  readonly #running = new Set<LiveQuery>();

  /** The live query for this call, made if nobody has asked yet. */
  getOrCreate(call: Call, caller: Caller): LiveQuery {
    const texts = argumentTexts(call.args);
    const key = groupKey(call.path, texts);
    let group = this.#groups.get(key);
    if (!group) {
      group = { readsIdentity: false, members: new Map() };
      this.#groups.set(key, group);
    }
    const memberKey = group.readsIdentity ? caller.key : "";
    const found = group.members.get(memberKey);
    // The shared member may be nobody's personal one: the same key, told apart by `readsIdentity`.
    if (found) return found;
    const live = new LiveQuery(++this.#lastId, key, call, texts, caller, group.readsIdentity);
    group.members.set(memberKey, live);
    this.#index.add(live);
    return live;
  }

  /** Lets somebody wait for this call's answer. */
  addWaiter(call: Call, waiter: Waiter): void {
    const live = this.getOrCreate(call, waiter.caller);
    live.waiters.push(waiter);
    this.request(live);
  }

  /** A run of this shared live query has asked who is calling: from now on it belongs to the caller it ran as. */
  makePerCaller(live: LiveQuery): void {
    live.perCaller = true;
    const group = this.#groups.get(live.key);
    if (!group || live.dropped) return;
    group.readsIdentity = true;
    group.members.delete("");
    group.members.set(live.caller.key, live);
  }

  /** Every caller's own live query of one key. */
  perCallerMembers(key: string): LiveQuery[] {
    const group = this.#groups.get(key);
    return group?.readsIdentity ? [...group.members.values()] : [];
  }

  /** Marks what the invalidations of the commit at `revision` touch as stale. What nobody wants any more goes at once. */
  invalidate(invalidations: readonly Invalidation[], revision: number): void {
    for (const invalidation of invalidations) {
      for (const live of [...this.#index.touchedBy(invalidation)]) this.#markStale(live, revision);
    }
  }

  /** Somebody asks anew: it is run if it is stale, or if nobody can be sure of its answer. */
  request(live: LiveQuery): void {
    if (live.stale || live.hasTransientError) this.#due.add(live);
  }

  /** Those who ask already still want its answer: it is run if it is stale. */
  requeueIfStale(live: LiveQuery): void {
    if (live.stale) this.#due.add(live);
  }

  /**
   * Takes the stale ones that are wanted; they count as fresh from here on, so that a later commit can be seen.
   * @param slowToo Whether those that are slow are taken, or wait.
   */
  takeDue(slowToo: boolean): LiveQuery[] {
    const due: LiveQuery[] = [];
    for (const live of this.#due) {
      // One run at a time: what still runs stays due.
      if (live.detached || (!slowToo && this.isSlow(live))) continue;
      this.#due.delete(live);
      if (!live.wanted) continue;
      this.#take(live);
      due.push(live);
    }
    return due;
  }

  /** Takes this one, if it is due. */
  takeIfDue(live: LiveQuery): boolean {
    if (!this.#due.delete(live)) return false;
    this.#take(live);
    return true;
  }

  #take(live: LiveQuery): void {
    live.staleSince = Number.POSITIVE_INFINITY;
    live.running = true;
    this.#running.add(live);
  }

  /** A run could not be finished: it is due again. */
  putBack(live: LiveQuery): void {
    this.#ended(live);
    live.staleSince = live.validUntil;
    if (live.wanted) this.#due.add(live);
  }

  /** Is a run of it likely to be slow? Until one has shown it, as the same query was with other arguments. */
  isSlow(live: LiveQuery): boolean {
    return live.slow ?? this.#slowPaths.has(live.path);
  }

  noteSpeed(live: LiveQuery, slow: boolean): void {
    live.slow = slow;
    if (slow) this.#slowPaths.add(live.path);
    else this.#slowPaths.delete(live.path);
  }

  /** Its run takes too long: the batch goes on without it. */
  detach(live: LiveQuery): void {
    live.detached = true;
  }

  /** Its run has ended, and what it answered becomes visible in this step. */
  show(live: LiveQuery): void {
    this.#ended(live);
    live.validUntil = live.staleSince;
  }

  #ended(live: LiveQuery): void {
    live.running = false;
    live.detached = false;
    this.#running.delete(live);
  }

  hasDue(slowToo: boolean): boolean {
    for (const live of this.#due) if (live.wanted && !live.detached && (slowToo || !this.isSlow(live))) return true;
    return false;
  }

  /** How many are due, and how many of them were slow the last time. */
  countDue(): { due: number; slow: number } {
    const counts = { due: 0, slow: 0 };
    for (const live of this.#due) {
      if (!live.wanted || live.detached) continue;
      counts.due++;
      if (this.isSlow(live)) counts.slow++;
    }
    return counts;
  }

  /** Those whose visible answer is not known to hold at `revision`. */
  unsettledAt(revision: number): ReadonlySet<LiveQuery> {
    if (this.#due.size === 0 && this.#running.size === 0) return this.#none;
    const unsettled = new Set<LiveQuery>();
    for (const lives of [this.#due, this.#running]) {
      for (const live of lives) if (live.validUntil <= revision || live.hasTransientError) unsettled.add(live);
    }
    return unsettled;
  }

  /** Lets a live query go if nobody watches it, waits for it or holds a lease on it. */
  dropIfIdle(live: LiveQuery): void {
    if (live.wanted || live.leased || live.dropped) return;
    live.dropped = true;
    this.#due.delete(live);
    this.#running.delete(live);
    this.#index.delete(live);
    const group = this.#groups.get(live.key);
    if (!group) return;
    for (const [memberKey, member] of group.members) if (member === live) group.members.delete(memberKey);
    if (group.members.size === 0) this.#groups.delete(live.key);
  }

  /** Forgets everything; the functions have been replaced. Returns what had been called, and who waits for its answer. */
  clear(): { call: Call; waiters: Waiter[] }[] {
    const all = [...this.all()];
    for (const live of all) {
      live.dropped = true;
      this.#index.delete(live);
    }
    this.#groups.clear();
    this.#slowPaths.clear();
    this.#due.clear();
    this.#running.clear();
    // One that runs yet must answer nobody with what a function of before has said.
    return all.map(({ call, waiters }) => ({ call, waiters: waiters.splice(0) }));
  }

  /** Every one there is. */
  *all(): Generator<LiveQuery> {
    for (const group of this.#groups.values()) yield* group.members.values();
  }

  get size(): number {
    let size = 0;
    for (const group of this.#groups.values()) size += group.members.size;
    return size;
  }

  #markStale(live: LiveQuery, revision: number): void {
    live.staleSince = Math.min(live.staleSince, revision);
    live.validUntil = Math.min(live.validUntil, revision);
    if (live.wanted) this.#due.add(live);
    else {
      live.leased = false;
      this.dropIfIdle(live);
    }
  }
}

/** Equal for equal paths and arguments only: names and texts are told apart by their lengths. */
function groupKey(path: string, texts: ReadonlyMap<string, string>): string {
  const names = texts.size > 1 ? [...texts.keys()].sort() : texts.keys();
  let key = path;
  for (const name of names) {
    const text = texts.get(name) ?? "";
    key += `\n${name.length} ${text.length} ${name}${text}`;
  }
  return key;
}
