import type { Caller } from "../../auth/caller.ts";
import type { Answer } from "../answers/answer.ts";
import type { Call } from "../run/run.ts";

/** A connection that watches, as far as a live query needs to know. */
export interface Watcher {
  readonly caller: Caller;
  /** Can it be shown an answer? Not before the state of an earlier revision that it waits for, nor while it reads nothing. */
  readonly takesAnswers: boolean;
  /** Its answer is another one now; to be sent with the rest of the batch. */
  changed(live: LiveQuery): void;
  /** Its run is detached: there will be an answer of the batch's revision, later. */
  runDetached(live: LiveQuery): void;
  /** Its detached run has finished: its answer is that of the batch's revision. */
  detachedFinished(live: LiveQuery, revision: number): void;
  /** Its detached run was lost: there will be no answer of that revision. */
  detachedLost(live: LiveQuery): void;
  /** Something for the author of the functions. */
  notice(message: string): void;
  /** It belongs to another caller: watch the live query of your own caller instead. */
  rebind(live: LiveQuery): void;
}

/** A preload or a call that waits for one answer. */
export interface Waiter {
  readonly caller: Caller;
  /** The answer must hold every commit up to this revision. */
  readonly asked: number;
  resolve(answered: { live: LiveQuery; answer: Answer; revision: number }): void;
  reject(error: Error): void;
}

/** What a query is run for. */
export type Client = Watcher | Waiter;

/** Where a live query's run is. One run at a time; a dropped live query never runs again. */
export type RunState = "idle" | "running" | "detached" | "dropped";
type RunEvent = "begin" | "detach" | "finish" | "lose" | "drop";

/** An event that is not listed leaves the state as it is. */
const TRANSITIONS: Readonly<Record<RunState, Partial<Record<RunEvent, RunState>>>> = {
  idle: { begin: "running", drop: "dropped" },
  running: { detach: "detached", finish: "idle", lose: "idle", drop: "dropped" },
  detached: { finish: "idle", lose: "idle", drop: "dropped" },
  dropped: {},
};

const NEVER = Number.POSITIVE_INFINITY;

/**
 * A query with its arguments, kept up to date for all who watch it or wait for it: one run, one text. It belongs to one
 * caller if its runs read the identity.
 *
 * Its state changes by its methods only. Which of them may be due, and when they run, is the matter of `LiveQueries` and
 * `RerunLoop`.
 */
export class LiveQuery {
  /** Names it in Transitions; unique in one epoch. */
  readonly id: number;
  readonly call: Call;
  /** The path and arguments it is shared by. */
  readonly key: string;
  readonly argumentTexts: ReadonlyMap<string, string>;
  /** The caller it is run as. Matters to its result only when it is `perCaller`. */
  readonly caller: Caller;
  #perCaller: boolean;
  #run: RunState = "idle";
  #answer: Answer | undefined;
  /**
   * The revision of the first commit that its last run, finished or not, may not hold. Infinity while there is none: 0
   * until its first run, set by invalidations, back to Infinity when a run begins (so that a commit during it is seen).
   */
  #staleSince = 0;
  /** The same for the answer that is visible: it holds at every revision from its run's up to this one, exclusive. */
  #validUntil = 0;
  #answeredAt = 0;
  #lostRuns = 0;
  #failedRuns = 0;
  #slow: boolean | undefined;
  #leased = false;
  readonly #watchers = new Set<Watcher>();
  readonly #waiters = new Set<Waiter>();

  constructor(
    id: number,
    key: string,
    call: Call,
    texts: ReadonlyMap<string, string>,
    caller: Caller,
    perCaller: boolean,
  ) {
    this.id = id;
    this.key = key;
    this.call = call;
    this.argumentTexts = texts;
    this.caller = caller;
    this.#perCaller = perCaller;
  }

  // ── what is known of it ──

  get path(): string {
    return this.call.path;
  }

  /** The answer of the last finished run. Undefined until the first has finished. */
  get answer(): Answer | undefined {
    return this.#answer;
  }

  /** The answer if it holds every commit up to now; otherwise undefined. */
  get fresh(): Answer | undefined {
    return this.stale || this.isRunning || this.hasTransientError ? undefined : this.#answer;
  }

  /**
   * Its answer is an error of the server or the database. Another run may end better though no commit has come, so
   * each new request gets a run.
   */
  get hasTransientError(): boolean {
    const { answer } = this;
    return answer?.ok === false && (answer.error.kind === "internal" || answer.error.kind === "unavailable");
  }

  /** Must it run before its answer can be trusted again? */
  get stale(): boolean {
    return this.#staleSince < NEVER;
  }

  /** Does its visible answer hold at this revision? */
  isKnownAt(revision: number): boolean {
    return this.#validUntil > revision && !this.hasTransientError;
  }

  /** Does a run go on whose answer is not visible yet? */
  get isRunning(): boolean {
    return this.#run === "running" || this.#run === "detached";
  }

  /** Has its run taken too long for its batch, which goes on without it? */
  get isDetached(): boolean {
    return this.#run === "detached";
  }

  get isDropped(): boolean {
    return this.#run === "dropped";
  }

  /** The revision of its last finished run. */
  get answeredAt(): number {
    return this.#answeredAt;
  }

  /** Runs in a row that lost their connection. */
  get consecutiveLostRuns(): number {
    return this.#lostRuns;
  }

  /** Runs in a row that ended with an error that another run may not have. */
  get consecutiveFailedRuns(): number {
    return this.#failedRuns;
  }

  /** Was its last run slow? Undefined until one has shown it. */
  get slow(): boolean | undefined {
    return this.#slow;
  }

  /** Do its runs read the identity? Then its answer is for `caller` only. */
  get perCaller(): boolean {
    return this.#perCaller;
  }

  get watchers(): ReadonlySet<Watcher> {
    return this.#watchers;
  }

  get hasWaiters(): boolean {
    return this.#waiters.size > 0;
  }

  /** Is its next answer needed? A lease alone does not need it: a stale answer that only a lease holds is dropped. */
  get wanted(): boolean {
    return this.#watchers.size > 0 || this.hasWaiters;
  }

  /** Is its next answer of use now? */
  get isAwaited(): boolean {
    if (this.hasWaiters) return true;
    for (const watcher of this.#watchers) if (watcher.takesAnswers) return true;
    return false;
  }

  /** What its next answer is needed for: calls that wait for it first, then connections. */
  *clients(): Generator<Client> {
    yield* this.#waiters;
    yield* this.#watchers;
  }

  /** Is it kept for a page that was rendered from its answer? */
  get isLeased(): boolean {
    return this.#leased;
  }

  /** Is it neither watched, waited for nor leased? */
  get isIdle(): boolean {
    return !this.wanted && !this.#leased;
  }

  // ── its run ──

  /** A commit at this revision may have changed its answer. */
  invalidate(revision: number): void {
    this.#staleSince = Math.min(this.#staleSince, revision);
    this.#validUntil = Math.min(this.#validUntil, revision);
    if (!this.wanted) this.#leased = false;
  }

  /** A run begins: it counts as fresh from here on, so that a commit during the run is seen. */
  begin(): void {
    if (!this.#move("begin")) return;
    this.#staleSince = NEVER;
  }

  /** Its run takes too long: the batch goes on without it. */
  detach(): void {
    this.#move("detach");
  }

  /**
   * Its run has ended, and its answer becomes visible in this step.
   * @param revision The revision that the run has read.
   * @param isSuspect The commit after that revision may not have been announced to it.
   * @returns whether the answer is another one.
   */
  finish(answer: Answer, revision: number, isSuspect = false): boolean {
    this.#move("finish");
    if (isSuspect) this.#staleSince = Math.min(this.#staleSince, revision + 1);
    this.#validUntil = this.#staleSince;
    this.#answeredAt = revision;
    if (sameAnswer(this.#answer, answer)) return false;
    this.#answer = answer;
    return true;
  }

  /** Its run could not be finished: it is as stale as before the run. */
  lose(): void {
    this.#move("lose");
    this.#staleSince = this.#validUntil;
  }

  /** It is not watched, waited for or leased any more, or its function has been replaced. */
  drop(): void {
    this.#move("drop");
  }

  /** A run beside the loop has seen that its answer holds at this revision, too. */
  confirmAt(revision: number): void {
    this.#answeredAt = Math.max(this.#answeredAt, revision);
  }

  #move(event: RunEvent): boolean {
    const next = TRANSITIONS[this.#run][event];
    if (next) this.#run = next;
    return next !== undefined;
  }

  // ── how its runs end ──

  noteSuccess(): void {
    this.#lostRuns = 0;
    this.#failedRuns = 0;
  }

  /** @param lost The run has lost its connection. */
  noteFailure(lost: boolean): void {
    this.#lostRuns = lost ? this.#lostRuns + 1 : 0;
  }

  /** It is run again by itself after this failure. */
  noteRetry(): void {
    this.#failedRuns++;
  }

  noteSpeed(slow: boolean): void {
    this.#slow = slow;
  }

  // ── who needs it ──

  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  addWaiter(waiter: Waiter): void {
    this.#waiters.add(waiter);
  }

  removeWaiter(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }

  /** Takes out the waiters for which `select` holds. */
  takeWaiters(select: (waiter: Waiter) => boolean = () => true): Waiter[] {
    const taken: Waiter[] = [];
    for (const waiter of this.#waiters) if (select(waiter)) taken.push(waiter);
    for (const waiter of taken) this.#waiters.delete(waiter);
    return taken;
  }

  /** Takes out the waiters whose answer is there: those that asked before the first commit that it does not hold. */
  takeServed(): Waiter[] {
    return this.#answer ? this.takeWaiters(({ asked }) => asked < this.#staleSince) : [];
  }

  /** A page was rendered from its answer and may subscribe soon. */
  lease(): void {
    this.#leased = true;
  }

  endLease(): void {
    this.#leased = false;
  }

  /** A run has read the identity: from now on it belongs to the caller it ran as. Never undone. */
  makePerCaller(): void {
    this.#perCaller = true;
  }
}

function sameAnswer(before: Answer | undefined, after: Answer): boolean {
  if (before === after) return true;
  // A value that says the same is the answer before itself: see `encodeAnswer`.
  return !before?.ok && !after.ok && before?.text === after.text;
}
