/** What may hold the lock together: runs that take their snapshot, or commits. */
export type LockSide = "snapshot" | "commit";

/**
 * Held by any number of one side, never by both sides at once, in the order of their requests.
 *
 * This is what makes a revision true: while a run takes its snapshot no COMMIT of this process is in flight, so the
 * snapshot holds exactly the commits up to the revision read beside it.
 */
export class SnapshotLock {
  #group: LockSide = "snapshot";
  #inside = 0;
  readonly #waiting: { group: LockSide; enter: () => void; refuse: (reason: Error) => void }[] = [];
  #closedBecause: Error | undefined;

  /**
   * Runs `body` while this side holds the lock: the other side does not hold it from its first to its last step.
   * @throws what `refuse` was given, before `body` was called.
   */
  async hold<T>(group: LockSide, body: () => Promise<T>): Promise<T> {
    await this.#enter(group);
    try {
      return await body();
    } finally {
      this.#leave();
    }
  }

  /** Refuses all that wait or come, until `reopen`. What holds the lock goes on. */
  refuse(reason: Error): void {
    this.#closedBecause = reason;
    for (const { refuse } of this.#waiting.splice(0)) refuse(reason);
  }

  reopen(): void {
    this.#closedBecause = undefined;
  }

  #enter(group: LockSide): Promise<void> | undefined {
    if (this.#closedBecause) throw this.#closedBecause;
    // What comes while others wait queues behind them: otherwise one side could starve the other.
    if (this.#waiting.length === 0 && (this.#inside === 0 || this.#group === group)) {
      this.#group = group;
      this.#inside++;
      return undefined;
    }
    return new Promise((enter, refuse) => this.#waiting.push({ group, enter, refuse }));
  }

  #leave(): void {
    if (--this.#inside > 0) return;
    const next = this.#waiting[0];
    if (!next) return;
    this.#group = next.group;
    while (this.#waiting[0]?.group === next.group) {
      this.#inside++;
      this.#waiting.shift()?.enter();
    }
  }
}
