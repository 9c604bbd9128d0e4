import type { Log } from "../environment/environment.ts";
import type { QueryKey } from "../functions/query-key.ts";
import { share } from "../values/share.ts";
import { fromWire } from "../values/wire.ts";
import { type Answer, LOADING, settled } from "./answer.ts";
import { freezeInDevelopment } from "./freeze.ts";
import type { OptimisticLocalStore } from "./optimistic-store.ts";
import type { Result } from "./query-result.ts";
import { addressFrom, keyOf, questionOf } from "./question.ts";

/** What one pending mutation shows ahead of its result. */
export interface Layer {
  readonly path: string;
  readonly update: (localStore: OptimisticLocalStore) => void;
}

/** The server's answers as they would be shown without us. */
export interface Base {
  answer(key: QueryKey): Answer | undefined;
  /** Every question that is asked or answered. */
  keys(): Iterable<QueryKey>;
}

/**
 * What the page shows: the server's answers with our guesses on top. The guesses are never kept as differences: they
 * are made anew, in the order of their mutations, whenever an answer or a mutation comes or goes (`replay`).
 */
export class OptimisticAnswers {
  readonly #base: Base;
  readonly #log: Log;
  #layers: Layer[] = [];
  /** What differs from the base. Replaced by every `replay`. */
  #guessed = new Map<QueryKey, Result<unknown>>();

  constructor(base: Base, log: Log) {
    this.#base = base;
    this.#log = log;
  }

  /** The same object until it changes. */
  result(key: QueryKey): Result<unknown> {
    return this.#guessed.get(key) ?? this.#base.answer(key)?.result ?? LOADING;
  }

  /** Takes effect at the next `replay`. */
  add(layer: Layer): void {
    this.#layers.push(layer);
  }

  /** Removes what these have shown. Takes effect at the next `replay`. */
  remove(ended: readonly { readonly layer: Layer | undefined }[]): void {
    this.#layers = this.#layers.filter((layer) => ended.every((mutation) => mutation.layer !== layer));
  }

  /** Makes the guesses anew on top of the answers as they are now. */
  replay(): void {
    if (this.#layers.length === 0 && this.#guessed.size === 0) return;
    let values = new Map<QueryKey, unknown>();
    for (const layer of [...this.#layers]) values = this.#withLayer(layer, values);
    this.#guessed = new Map([...values].map(([key, value]) => [key, this.#guess(key, value)]));
  }

  /** One that throws leaves nothing behind: what it had set is dropped with it, and it is not run again. */
  #withLayer(layer: Layer, below: Map<QueryKey, unknown>): Map<QueryKey, unknown> {
    const values = new Map(below);
    try {
      layer.update(this.#storeOver(values));
      return values;
    } catch (error) {
      this.remove([{ layer }]);
      this.#log.error(`The optimistic update of ${layer.path} threw: ${error}`, { error });
      return below;
    }
  }

  #storeOver(values: Map<QueryKey, unknown>): OptimisticLocalStore {
    const get = (key: QueryKey) =>
      freezeInDevelopment(values.has(key) ? values.get(key) : this.#base.answer(key)?.result.data);
    const store = {
      getQuery: (query: unknown, args?: Record<string, unknown>) => get(keyOf(query, args)),
      getAllQueries: (query: unknown) => {
        const start = `${addressFrom(query)}{`;
        const keys = [...new Set([...this.#base.keys(), ...values.keys()])].filter((key) => key.startsWith(start));
        return keys.map((key) => ({ args: fromWire(questionOf(key).args), value: get(key) }));
      },
      setQuery: (query: unknown, args: Record<string, unknown>, value: unknown) => {
        values.set(keyOf(query, args), freezeInDevelopment(value));
      },
    };
    return store as OptimisticLocalStore;
  }

  /** Keeps every identity it can: of the guess before, of the answer below. */
  #guess(key: QueryKey, value: unknown): Result<unknown> {
    if (value === undefined) return LOADING;
    const below = this.#base.answer(key)?.result;
    const before = this.#guessed.get(key) ?? below;
    // What equals the answer below is that very object, or it would become another one when the guess goes.
    const data = share(before?.data, share(below?.data, value));
    for (const known of [before, below]) {
      if (known && Object.is(known.data, data) && known.error === below?.error) return known;
    }
    return settled(data, below?.error);
  }
}
