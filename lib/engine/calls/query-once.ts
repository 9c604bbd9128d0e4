import type { Caller } from "../../auth/caller.ts";
import type { Environment } from "../../environment/environment.ts";
import { UnavailableError } from "../../protocol/function-error.ts";
import type { Answer } from "../answers/answer.ts";
import type { Transactions } from "../commits/transactions.ts";
import type { LiveQueries } from "../queries/live-queries.ts";
import type { LiveQuery, Waiter } from "../queries/live-query.ts";
import type { RerunLoop } from "../rerun/rerun-loop.ts";
import type { EngineLimits } from "../run/limits.ts";
import type { Call } from "../run/run.ts";

/** An answer, and the revision it is valid at. */
export interface Answered {
  readonly live: LiveQuery;
  readonly answer: Answer;
  readonly revision: number;
}

export interface QueryOnceParts {
  readonly environment: Environment;
  readonly limits: EngineLimits;
  readonly transactions: Transactions;
  readonly liveQueries: LiveQueries;
  readonly rerunLoop: RerunLoop;
}

/** Answers a query once: from its live result if that is fresh, with the next batch otherwise. */
export class QueryOnce {
  readonly #parts: QueryOnceParts;

  constructor(parts: QueryOnceParts) {
    this.#parts = parts;
  }

  /**
   * The answer contains every commit that this server knew of when `answer` was called.
   * @param keep Called with the live query in the step in which it is answered, before it could be dropped.
   * @throws {UnavailableError} when the database does not answer in time.
   */
  answer(call: Call, caller: Caller, keep: (live: LiveQuery) => void = () => {}): Promise<Answered> {
    const { liveQueries, rerunLoop, transactions } = this.#parts;
    const live = liveQueries.getOrCreate(call, caller);
    const answer = live.fresh;
    if (answer) {
      keep(live);
      liveQueries.dropIfIdle(live);
      return Promise.resolve({ live, answer, revision: transactions.revision });
    }
    return new Promise((resolve, reject) => {
      const waiter = this.#waiter(call, caller, resolve, reject, keep);
      live.addWaiter(waiter);
      // A run that is under way may have begun before a commit that must be in this answer: then it is stale already,
      // and the waiter waits for the next.
      liveQueries.request(live);
      rerunLoop.wake();
    });
  }

  #waiter(
    call: Call,
    caller: Caller,
    resolve: (answered: Answered) => void,
    reject: (error: Error) => void,
    keep: (live: LiveQuery) => void,
  ): Waiter {
    const { environment, limits, transactions } = this.#parts;
    const patience = limits.queryTimeoutMs * 2;
    const cancel = environment.after(patience, () => {
      this.#giveUp(call, caller, waiter);
      reject(new UnavailableError("timedOut", `${call.path} was not answered within ${patience} ms. Try again.`));
    });
    const waiter: Waiter = {
      caller,
      asked: transactions.revision,
      reject(error) {
        cancel();
        reject(error);
      },
      resolve(answered) {
        cancel();
        try {
          keep(answered.live);
        } catch (error) {
          // Others wait for the same batch: what fails for this call ends with it.
          return reject(error as Error);
        }
        resolve(answered);
      },
    };
    return waiter;
  }

  #giveUp(call: Call, caller: Caller, waiter: Waiter): void {
    const live = this.#parts.liveQueries.getOrCreate(call, caller);
    live.removeWaiter(waiter);
    this.#parts.liveQueries.dropIfIdle(live);
  }
}
