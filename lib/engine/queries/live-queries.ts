import type { Caller } from "../../auth/caller.ts";
import type { RegisteredFunction } from "../../functions/define.ts";
import { ArgumentIndex } from "../../invalidation/argument-index.ts";
import type { Invalidation } from "../../invalidation/invalidation.ts";
import { BadRequestError } from "../../protocol/function-error.ts";
import type { Answer } from "../answers/answer.ts";
import { argumentTexts } from "../run/arguments.ts";
import type { Call } from "../run/run.ts";
import { LiveQuery, type Waiter } from "./live-query.ts";
import { QueryCosts } from "./query-costs.ts";

/** The key of a group's only member while no run has read the identity; an anonymous caller's own has the same. */
const SHARED = "";

/** The live queries of one path and arguments: one shared by all callers, until a run reads the identity. */
interface Group {
  readsIdentity: boolean;
  /** By caller key; `SHARED` holds the shared one while `readsIdentity` is false. */
  readonly members: Map<string, LiveQuery>;
}

/**
 * Every query that is watched, waited for or leased, by path and arguments, and which of them are due a run.
 *
 * Not here: running them (see `RerunLoop`), who is sent what (see `ClientConnection`).
 */
export class LiveQueries {
  /** What their runs cost, and which of them run apart from others. */
  readonly costs = new QueryCosts();
  #lastId = 0;
  #answerBytes = 0;
  readonly #none: ReadonlySet<LiveQuery> = new Set();
  readonly #groups = new Map<string, Group>();
  readonly #index = new ArgumentIndex<LiveQuery>();
  /** Stale and wanted, in the order they became so. */
  readonly #due = new Set<LiveQuery>();
  /** Those that run, or whose answer is not visible yet. */
  readonly #running = new Set<LiveQuery>();

  /** The live query for this call; a new one, if there is none yet. */
  getOrCreate(call: Call, caller: Caller): LiveQuery {
    const texts = argumentTexts(call.args);
    const key = groupKey(call.path, texts);
    let group = this.#groups.get(key);
    if (!group) {
      group = { readsIdentity: false, members: new Map() };
      this.#groups.set(key, group);
    }
    const memberKey = group.readsIdentity ? caller.key : SHARED;
    const found = group.members.get(memberKey);
    // An anonymous caller's own member has the key of the shared one: `readsIdentity` tells them apart.
    if (found) return found;
    const live = new LiveQuery(++this.#lastId, key, call, texts, caller, group.readsIdentity);
    group.members.set(memberKey, live);
    this.#index.add(live);
    return live;
  }

  /** Lets a waiter wait for this call's answer. */
  addWaiter(call: Call, waiter: Waiter): void {
    const live = this.getOrCreate(call, waiter.caller);
    live.addWaiter(waiter);
    this.request(live);
  }

  /**
   * A run of this shared live query has read the identity: from now on it belongs to the caller it ran as, and every
   * other caller that watches it or waits for it gets a live query of its own.
   * @returns every caller's live query of its key.
   */
  splitByCaller(live: LiveQuery): LiveQuery[] {
    live.makePerCaller();
    const group = this.#groups.get(live.key);
    if (group && !group.readsIdentity && !live.isDropped) {
      group.readsIdentity = true;
      group.members.delete(SHARED);
      group.members.set(live.caller.key, live);
    }
    for (const watcher of [...live.watchers]) if (watcher.caller.key !== live.caller.key) watcher.rebind(live);
    for (const waiter of live.takeWaiters(({ caller }) => caller.key !== live.caller.key)) {
      this.addWaiter(live.call, waiter);
    }
    const after = this.#groups.get(live.key);
    return after?.readsIdentity ? [...after.members.values()] : [];
  }

  /** Marks what the invalidations of the commit at `revision` touch as stale. What is not wanted any more is dropped. */
  invalidate(invalidations: readonly Invalidation[], revision: number): void {
    for (const invalidation of invalidations) {
      for (const live of [...this.#index.touchedBy(invalidation)]) {
        if (isFor(invalidation.subject, live)) this.#markStale(live, revision);
      }
    }
  }

  /** Its answer is asked for anew: it is run if it is stale, or if its answer is an error that another run may not have. */
  request(live: LiveQuery): void {
    if (live.stale || live.hasTransientError) this.#due.add(live);
  }

  /** Those who have asked still need its answer: it is run if it is stale. */
  requeueIfStale(live: LiveQuery): void {
    if (live.stale) this.#due.add(live);
  }

  /**
   * Takes the stale ones that are awaited: their run begins.
   * @param apartToo Whether those that run apart from others are taken, or wait.
   */
  takeDue(apartToo: boolean): LiveQuery[] {
    const due: LiveQuery[] = [];
    for (const live of this.#due) {
      if (live.wanted && !this.#mayBegin(live, apartToo)) continue;
      this.#due.delete(live);
      if (!live.wanted) continue;
      this.#begin(live);
      due.push(live);
    }
    return due;
  }

  /** One run at a time: what still runs stays due. */
  #mayBegin(live: LiveQuery, apartToo: boolean): boolean {
    return !live.isRunning && live.isAwaited && (apartToo || !this.costs.runsApart(live));
  }

  /** Takes this one, if it is due and does not run. */
  takeIfDue(live: LiveQuery): boolean {
    if (live.isRunning || !this.#due.delete(live)) return false;
    this.#begin(live);
    return true;
  }

  #begin(live: LiveQuery): void {
    live.begin();
    this.#running.add(live);
  }

  /** A run has ended with this answer, of this revision: it becomes visible in this step. */
  finish(live: LiveQuery, answer: Answer, revision: number, isSuspect: boolean): void {
    this.#running.delete(live);
    if (!live.isDropped) this.#answerBytes += answer.size - (live.answer?.size ?? 0);
    this.costs.noteSize(live, answer);
    const isAnother = live.finish(answer, revision, isSuspect);
    this.requeueIfStale(live);
    if (isAnother) for (const watcher of live.watchers) watcher.changed(live);
  }

  /** A run could not be finished: it is due again. */
  putBack(live: LiveQuery): void {
    this.#running.delete(live);
    live.lose();
    if (live.wanted) this.#due.add(live);
  }

  /** Runs that could not begin or be finished: these are due again, in this order, before what became due meanwhile. */
  putBackFirst(lives: readonly LiveQuery[]): void {
    if (lives.length === 0) return;
    const later = [...this.#due];
    this.#due.clear();
    for (const live of lives) this.putBack(live);
    for (const live of later) this.#due.add(live);
  }

  /** Resolves the waiters whose answer is there. What is not needed any more is dropped. */
  resolveWaiters(live: LiveQuery, revision: number): void {
    const { answer } = live;
    for (const waiter of live.takeServed()) if (answer) waiter.resolve({ live, answer, revision });
    this.requeueIfStale(live);
    this.dropIfIdle(live);
  }

  hasDue(apartToo: boolean): boolean {
    for (const live of this.#due) if (this.#mayBegin(live, apartToo)) return true;
    return false;
  }

  /** How many are due, and how many of them run apart. */
  countDue(): { due: number; apart: number } {
    const counts = { due: 0, apart: 0 };
    for (const live of this.#due) {
      if (!this.#mayBegin(live, true)) continue;
      counts.due++;
      if (this.costs.runsApart(live)) counts.apart++;
    }
    return counts;
  }

  /** Those whose visible answer is not known to hold at `revision`. */
  unsettledAt(revision: number): ReadonlySet<LiveQuery> {
    if (this.#due.size === 0 && this.#running.size === 0) return this.#none;
    const unsettled = new Set<LiveQuery>();
    for (const lives of [this.#due, this.#running]) {
      for (const live of lives) if (!live.isKnownAt(revision)) unsettled.add(live);
    }
    return unsettled;
  }

  /** Drops a live query that is not watched, waited for or leased. */
  dropIfIdle(live: LiveQuery): void {
    if (!live.isIdle || live.isDropped) return;
    live.drop();
    this.#answerBytes -= live.answer?.size ?? 0;
    this.#due.delete(live);
    this.#running.delete(live);
    this.#index.delete(live);
    const group = this.#groups.get(live.key);
    if (!group) return;
    const memberKey = live.perCaller ? live.caller.key : SHARED;
    if (group.members.get(memberKey) === live) group.members.delete(memberKey);
    if (group.members.size === 0) this.#groups.delete(live.key);
  }

  /** Forgets everything; the functions have been replaced. Returns what had been called, and who waits for its answer. */
  clear(): { call: Call; waiters: Waiter[] }[] {
    const all = [...this.all()];
    for (const live of all) {
      live.drop();
      this.#index.delete(live);
    }
    this.#answerBytes = 0;
    this.#groups.clear();
    this.costs.forgetPaths();
    this.#due.clear();
    this.#running.clear();
    // One that still runs must not answer them with the result of a replaced function.
    return all.map((live) => ({ call: live.call, waiters: live.takeWaiters() }));
  }

  /**
   * The functions have been replaced: all live queries are dropped, and what is waited for is asked for anew.
   * @param find The query of a path among the new functions.
   */
  replaceFunctions(find: (path: string) => RegisteredFunction | undefined): void {
    for (const { call, waiters } of this.clear()) {
      const fn = find(call.path);
      for (const waiter of waiters) {
        if (fn) this.addWaiter({ ...call, fn }, waiter);
        else waiter.reject(new BadRequestError(`There is no query "${call.path}" any more.`));
      }
    }
  }

  /** Every one there is. */
  *all(): Generator<LiveQuery> {
    for (const group of this.#groups.values()) yield* group.members.values();
  }

  /** What all visible answers take. */
  get answerBytes(): number {
    return this.#answerBytes;
  }

  get size(): number {
    let size = 0;
    for (const group of this.#groups.values()) size += group.members.size;
    return size;
  }

  #markStale(live: LiveQuery, revision: number): void {
    live.invalidate(revision);
    if (live.wanted) this.#due.add(live);
    else this.dropIfIdle(live);
  }
}

/** May an answer for this subject be one of this live query? A shared one answers all. */
function isFor(subject: string | undefined, { perCaller, caller }: LiveQuery): boolean {
  return subject === undefined || !perCaller || caller.identity?.subject === subject;
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
