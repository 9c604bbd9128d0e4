import type { QueryKey } from "../../functions/query-key.ts";
import type { FunctionError } from "../../protocol/function-error.ts";
import type { QuerySet } from "./query-set.ts";

/** Promises that resolve when the server has answered a query on the present connection or on a later one. */
export class AnswerWaits {
  readonly #queries: QuerySet;
  readonly #promises = new Map<QueryKey, Promise<void>>();
  /** What ends each of the promises. */
  readonly #ends = new Map<QueryKey, (error?: FunctionError) => void>();

  constructor(queries: QuerySet) {
    this.#queries = queries;
  }

  /** Watches the query until it is answered. Callers that wait for the same query share one promise. */
  add(key: QueryKey): Promise<void> {
    let answered = this.#promises.get(key);
    if (answered === undefined) {
      this.#queries.watch(key);
      answered = new Promise((resolve, reject) => {
        this.#ends.set(key, (error) => (error ? reject(error) : resolve()));
      });
      answered.catch(() => {}); // a rejection is not reported as unhandled when its caller has stopped listening
      this.#promises.set(key, answered);
    }
    this.settle();
    return answered;
  }

  /**
   * Ends the waits for queries that are answered now.
   * @param error Why the others will not be answered: ends all waits with it.
   */
  settle(error?: FunctionError): void {
    for (const [key, end] of this.#ends) {
      if (error === undefined && this.#queries.get(key)?.stage !== "answered") continue;
      this.#promises.delete(key);
      this.#ends.delete(key);
      this.#queries.unwatch(key);
      end(error);
    }
  }
}
