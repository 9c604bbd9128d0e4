import type { Cancel } from "../environment/environment.ts";
import type { QueryKey } from "../functions/query-key.ts";
import { isSame } from "../values/share.ts";
import { SKIPPED } from "./queries/answer.ts";
import type { Result, Skipped } from "./queries/query-result.ts";
import type { SyncClient } from "./sync-client.ts";

/** Queries under names. Null: skipped. */
export type NamedKeys = readonly (readonly [name: string, key: QueryKey | null])[];
export type NamedResults = Record<string, Result<unknown> | Skipped>;

/** The results of several queries under names, all of one state. */
export class ResultRecord {
  readonly #client: SyncClient;
  readonly #keys: NamedKeys;
  #last: NamedResults | undefined;

  constructor(client: SyncClient, keys: NamedKeys) {
    this.#client = client;
    this.#keys = keys;
  }

  /** The same object until one of its results changes. */
  readonly results = (): NamedResults => {
    const results = collect(this.#keys, (key) => this.#client.result(key));
    if (!this.#last || !isSame(Object.values(results), Object.values(this.#last))) this.#last = results;
    return this.#last;
  };

  readonly watch = (listener: () => void): Cancel =>
    this.#client.watch(
      this.#keys.flatMap(([, key]) => key ?? []),
      listener,
    );
}

export function collect(keys: NamedKeys, result: (key: QueryKey) => Result<unknown>): NamedResults {
  return Object.fromEntries(keys.map(([name, key]) => [name, key === null ? SKIPPED : result(key)]));
}
