import type { Cancel, Log } from "../environment/environment.ts";
import type { QueryKey } from "../functions/query-key.ts";
import type { Result } from "./query-result.ts";

type Results = (key: QueryKey) => Result<unknown>;

/** One that is told when any of its keys has another result. */
interface Watcher {
  readonly listener: () => void;
}

/** Who wants to know of which results, and what they were last told. */
export class Watchers {
  readonly #log: Log;
  readonly #byKey = new Map<QueryKey, Set<Watcher>>();
  readonly #told = new Map<QueryKey, Result<unknown>>();

  constructor(log: Log) {
    this.#log = log;
  }

  add(keys: readonly QueryKey[], listener: () => void, results: Results): Cancel {
    const watcher: Watcher = { listener };
    for (const key of keys) {
      if (!this.#told.has(key)) this.#told.set(key, results(key));
      this.#byKey.set(key, (this.#byKey.get(key) ?? new Set()).add(watcher));
    }
    return () => {
      for (const key of keys) this.#remove(key, watcher);
    };
  }

  /** Tells everybody whose results have changed, each once. All of them see the same state: nothing changes meanwhile. */
  publish(results: Results): void {
    const due = new Set<Watcher>();
    for (const [key, watchers] of this.#byKey) {
      const result = results(key);
      if (result === this.#told.get(key)) continue;
      this.#told.set(key, result);
      for (const watcher of watchers) due.add(watcher);
    }
    for (const watcher of due) this.#tell(watcher);
  }

  #tell({ listener }: Watcher): void {
    try {
      listener();
    } catch (error) {
      this.#log.error(`A listener threw: ${error}`, { error });
    }
  }

  #remove(key: QueryKey, watcher: Watcher): void {
    const watchers = this.#byKey.get(key);
    watchers?.delete(watcher);
    if (watchers?.size !== 0) return;
    this.#byKey.delete(key);
    this.#told.delete(key);
  }
}
