import type { Answer } from "../answers/answer.ts";
import type { LiveQuery } from "../queries/live-query.ts";

/**
 * The state of a client at one revision, complete but for queries that left its batch. It is shown when they have
 * answered, even if later commits have made it stale by then: so a query that is invalidated faster than it runs is
 * shown all the same, and never beside answers of another revision.
 */
export class HeldTransition {
  readonly #waitingFor: Set<LiveQuery>;
  readonly #answers: Map<LiveQuery, Answer>;

  /**
   * @param waitingFor Those that run at this revision and have not answered.
   * @param answers What the others have answered.
   */
  constructor(waitingFor: Set<LiveQuery>, answers: Map<LiveQuery, Answer>) {
    this.#waitingFor = waitingFor;
    this.#answers = answers;
  }

  waitsFor(live: LiveQuery): boolean {
    return this.#waitingFor.has(live);
  }

  /** This one has answered. Returns whether it was the last that was waited for. */
  finished(live: LiveQuery): boolean {
    if (!this.#waitingFor.delete(live)) return false;
    if (live.answer) this.#answers.set(live, live.answer);
    return this.#waitingFor.size === 0;
  }

  readonly answerOf = (live: LiveQuery): Answer | undefined => this.#answers.get(live);
}
