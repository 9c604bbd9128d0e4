import type { Environment } from "../../environment/environment.ts";
import type { PendingCalls } from "../calls/pending-calls.ts";
import type { BrowserTab } from "../connection/browser-tab.ts";
import { AnswerWaits } from "../queries/answer-waits.ts";
import type { QuerySet } from "../queries/query-set.ts";
import type { ServerAnswers } from "../queries/server-answers.ts";
import { leavePrompt } from "./leave-prompt.ts";
import { Listeners } from "./listeners.ts";
import { OptimisticAnswers } from "./optimistic-answers.ts";

/** What the page is shown, and how it learns of each change: once, after all stores have changed. */
export class PageUpdates {
  /** The results that are shown. */
  readonly answers: OptimisticAnswers;
  readonly waits: AnswerWaits;
  readonly listeners: Listeners;
  readonly #serverAnswers: ServerAnswers;
  readonly #calls: PendingCalls;
  readonly #askBeforeLeaving: (isNeeded: boolean) => void;
  readonly #overdue: () => void;

  /** @param overdue Called while a mutation is too old to wait for. */
  constructor(
    { log }: Environment,
    tab: BrowserTab,
    queries: QuerySet,
    answers: ServerAnswers,
    calls: PendingCalls,
    overdue: () => void,
  ) {
    this.answers = new OptimisticAnswers(queries, calls, log);
    this.waits = new AnswerWaits(queries);
    this.listeners = new Listeners(log);
    this.#serverAnswers = answers;
    this.#calls = calls;
    this.#askBeforeLeaving = leavePrompt(tab);
    this.#overdue = overdue;
  }

  /**
   * The only way in which a change of what is shown reaches the page: after all stores have changed, so that listeners
   * see one state, and optimistic updates end in the very update that brings their results. After a reconnect the server
   * may say what is reflected before it knows the subscriptions, while older answers are shown: mutations settle once
   * all of these are answered.
   */
  changed(): void {
    if (!this.#serverAnswers.isCatchingUp) this.#calls.settle();
    this.answers.replay();
    this.publish();
  }

  /**
   * Tells the page of answers, calls and the state of the connection. Runs at every attempt to connect, so that an overdue
   * mutation needs no timer of its own; while connected, heartbeats do the same.
   */
  publish(): void {
    if (this.#calls.isOverdue) this.#overdue();
    this.#askBeforeLeaving(this.#calls.hasUnsent);
    this.waits.settle();
    this.listeners.publish();
  }
}
