import type { Log } from "../../environment/environment.ts";

/** A listener that is called when any part of what it reads is another. */
interface Watcher {
  readonly read: () => readonly unknown[];
  readonly listener: () => void;
  /** What it has read before. */
  told: readonly unknown[];
}

/** The listeners of a client. Each is called only when something that it reads has changed. */
export class Listeners {
  readonly #log: Log;
  readonly #all = new Set<Watcher>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * @param read Returns the same number of parts each time, and the same objects until they change.
   * @returns removes the listener, and returns whether it was still there.
   */
  add(read: () => readonly unknown[], listener: () => void): () => boolean {
    const watcher = { read, listener, told: read() };
    this.#all.add(watcher);
    return () => this.#all.delete(watcher);
  }

  /** Calls each listener that reads something else now, once. All of them see one state: which are due is decided first. */
  publish(): void {
    const due = [...this.#all].filter((watcher) => {
      const before = watcher.told;
      watcher.told = watcher.read();
      return watcher.told.some((part, i) => part !== before[i]);
    });
    for (const { listener } of due) {
      try {
        listener();
      } catch (error) {
        this.#log.error(`A listener threw: ${error}`, { error });
      }
    }
  }
}
