import type { Log } from "../../environment/environment.ts";
import type { QueryKey } from "../../functions/query-key.ts";
import { share } from "../../values/share.ts";
import { fromWire } from "../../values/wire.ts";
import { callOf, keyOf, pathFrom } from "../calls/named-call.ts";
import type { OptimisticLocalStore } from "../calls/optimistic-update.ts";
import type { PendingCall, PendingCalls } from "../calls/pending-calls.ts";
import { type Answer, LOADING, settled } from "../queries/answer.ts";
import { freezeInDevelopment } from "../queries/freeze.ts";
import { shownAnswer } from "../queries/query-record.ts";
import type { Result } from "../queries/query-result.ts";
import type { QuerySet } from "../queries/query-set.ts";

/**
 * What the page shows: the server's answers with the optimistic updates of pending mutations on top. Updates are never
 * kept as differences: all are run anew, in the order of their mutations, when an answer or a mutation changes (`replay`).
 */
export class OptimisticAnswers {
  readonly #queries: QuerySet;
  readonly #calls: PendingCalls;
  readonly #log: Log;
  /** The results that an update has set. Replaced by every `replay`. */
  #updated = new Map<QueryKey, Result<unknown>>();

  constructor(queries: QuerySet, calls: PendingCalls, log: Log) {
    this.#queries = queries;
    this.#calls = calls;
    this.#log = log;
  }

  /** The same object until it changes. */
  result(key: QueryKey): Result<unknown> {
    return this.#updated.get(key) ?? this.#below(key) ?? LOADING;
  }

  /** Runs the updates on the answers as they are now. */
  replay(): void {
    let values = new Map<QueryKey, unknown>();
    for (const call of this.#calls.optimistic) values = this.#withUpdate(call, values);
    this.#updated = new Map([...values].map(([key, value]) => [key, this.#resultOf(key, value)]));
  }

  /** The values after one more update. One that throws is dropped with all that it has set, and is not run again. */
  #withUpdate(call: PendingCall, below: Map<QueryKey, unknown>): Map<QueryKey, unknown> {
    const values = new Map(below);
    try {
      call.update?.(this.#storeOver(values));
      return values;
    } catch (error) {
      call.update = undefined;
      this.#log.error(`The optimistic update of ${call.path} threw: ${error}`, { error });
      return below;
    }
  }

  #storeOver(values: Map<QueryKey, unknown>): OptimisticLocalStore {
    const get = (key: QueryKey) => freezeInDevelopment(values.has(key) ? values.get(key) : this.#below(key)?.data);
    const store = {
      getQuery: (query: unknown, args?: Record<string, unknown>) => get(keyOf(query, args)),
      getAllQueries: (query: unknown) => {
        const start = `${pathFrom(query)}{`;
        const keys = new Set([...this.#queries.keys(), ...values.keys()]);
        return [...keys]
          .filter((key) => key.startsWith(start))
          .map((key) => ({ args: fromWire(callOf(key).args), value: get(key) }));
      },
      setQuery: (query: unknown, args: Record<string, unknown>, value: unknown) => {
        values.set(keyOf(query, args), freezeInDevelopment(value));
      },
    };
    return store as OptimisticLocalStore;
  }

  /** The result to show for a value, with as many objects as possible from the result before and the answer below. */
  #resultOf(key: QueryKey, value: unknown): Result<unknown> {
    if (value === undefined) return LOADING;
    const below = this.#below(key);
    const before = this.#updated.get(key) ?? below;
    // A part that equals the answer below is that object, so that it stays the same when the update ends.
    const data = share(before?.data, share(below?.data, value));
    return settled(data, below?.error, before, below);
  }

  /** The server's answer, without updates. */
  #below(key: QueryKey): Answer["result"] | undefined {
    return shownAnswer(this.#queries.get(key))?.result;
  }
}
