import type { Log } from "../environment/environment.ts";

/** One that is told when any part of what it reads is another. */
interface Watcher {
  readonly read: () => readonly unknown[];
  readonly listener: () => void;
  told: readonly unknown[];
}

/** Who wants to know of what, and what each was last told. */
export class Listeners {
  readonly #log: Log;
  readonly #all = new Set<Watcher>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * @param read Always as many parts, and the same objects until they change.
   * @returns stops it; then returns whether it was still there.
   */
  add(read: () => readonly unknown[], listener: () => void): () => boolean {
    const watcher = { read, listener, told: read() };
    this.#all.add(watcher);
    return () => this.#all.delete(watcher);
  }

  /** Tells everybody who reads something else now, each once. All of them see the same state: nothing changes meanwhile. */
  publish(): void {
    const due = [...this.#all].filter((watcher) => {
      const before = watcher.told;
      watcher.told = watcher.read();
      return watcher.told.some((part, i) => part !== before[i]);
    });
    for (const { listener } of due) this.#tell(listener);
  }

  #tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#log.error(`A listener threw: ${error}`, { error });
    }
  }
}
