import type { Caller } from "../../auth/caller.ts";
import type { Answer } from "../answers/answer.ts";
import type { Call } from "../run/run.ts";

/** A connection that watches, as far as a live query needs to know. */
export interface Watcher {
  readonly caller: Caller;
  /** Its answer is another one now; to be sent with the rest of the batch. */
  changed(live: LiveQuery): void;
  /** It had left its batch, and has its answer now: that of the batch's revision. */
  detachedFinished(live: LiveQuery, revision: number): void;
  /** It had left its batch, and its run was lost: there will be no answer of that revision. */
  detachedLost(live: LiveQuery): void;
  /** Something for the author of the functions. */
  notice(message: string): void;
  /** It turned out to be another caller's: watch one of your own instead. */
  rebind(live: LiveQuery): void;
}

/** Somebody who waits for one answer: a preload or a call. */
export interface Waiter {
  readonly caller: Caller;
  /** What it gets must hold every commit up to here. */
  readonly asked: number;
  resolve(answered: { live: LiveQuery; answer: Answer; revision: number }): void;
  reject(error: Error): void;
}

/**
 * One question that somebody watches or waits for: a query with its arguments, and the caller if its runs ask who is
 * calling. Everybody who asks the same shares it: one run, one text.
 */
export class LiveQuery {
  /** Names it in Transitions; unique in one epoch. */
  readonly id: number;
  readonly call: Call;
  /** The path and arguments it is shared by. */
  readonly key: string;
  readonly argumentTexts: ReadonlyMap<string, string>;
  /** Whom it is run as. Matters to its result only when it is `perCaller`. */
  readonly caller: Caller;
  /** Its runs ask who is calling: its answer is for `caller` only. Set by `LiveQueries.makePerCaller`, never unset. */
  perCaller: boolean;
  /** The last finished run's answer. Undefined until the first run has finished; replaced by every one that differs. */
  answer: Answer | undefined = undefined;
  /**
   * The revision of the first commit that its last run, finished or not, may not hold. Infinity while there is none: 0
   * until its first run, set by invalidations, back to Infinity when a run begins (so that a commit during it is seen).
   */
  staleSince = 0;
  /** The same for the answer that is visible: it holds at every revision from its run's up to this one, exclusive. */
  validUntil = 0;
  /** Between the beginning of a run and the moment its answer is made visible: the answer is older than the run's. */
  running = false;
  /** The revision of its last finished run. */
  answeredAt = 0;
  /** Runs in a row that lost their connection. */
  consecutiveLostRuns = 0;
  /** Runs in a row that ended with an error that may pass. */
  consecutiveFailedRuns = 0;
  /** Its run took too long and has left its batch; the answer will come when it comes. */
  detached = false;
  /** Was its last run slow? Undefined until one has shown it. Asked by `LiveQueries.isSlow`. */
  slow: boolean | undefined = undefined;
  readonly watchers = new Set<Watcher>();
  waiters: Waiter[] = [];
  /** A page was rendered from its answer and may subscribe soon. */
  leased = false;
  /** Nobody asks any more; it has left the index. */
  dropped = false;

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
    this.perCaller = perCaller;
  }

  get path(): string {
    return this.call.path;
  }

  /** The answer if it holds every commit up to now; otherwise undefined. */
  get fresh(): Answer | undefined {
    return this.stale || this.running || this.hasTransientError ? undefined : this.answer;
  }

  /**
   * Its answer is an error that nobody meant. No commit need come for another run to end better, so whoever asks anew
   * gets a run of their own.
   */
  get hasTransientError(): boolean {
    return (
      this.answer?.ok === false && (this.answer.error.kind === "internal" || this.answer.error.kind === "unavailable")
    );
  }

  /** Must it run before its answer can be trusted again? */
  get stale(): boolean {
    return this.staleSince < Number.POSITIVE_INFINITY;
  }

  /** Does anybody need its next answer? A lease alone does not: a stale answer that only a lease holds is let go. */
  get wanted(): boolean {
    return this.watchers.size > 0 || this.waiters.length > 0;
  }
}
