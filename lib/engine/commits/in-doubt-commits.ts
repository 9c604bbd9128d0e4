import type { Environment } from "../../environment/environment.ts";
import { UnavailableError } from "../../protocol/function-error.ts";
import type { SnapshotLock } from "./snapshot-lock.ts";

/**
 * Commits whose COMMIT the database has not answered, until it is known whether they went through. No snapshot is taken
 * meanwhile, as it would be unknown which commits it shows, and nothing waits at the lock with a connection: that may be
 * the very one that the question needs. A database that lends one at a time, or a pool that has lent all, would never
 * answer.
 */
export class InDoubtCommits {
  readonly #lock: SnapshotLock;
  readonly #environment: Environment;
  #count = 0;
  #decided = Promise.withResolvers<void>();
  #closed = false;

  constructor(lock: SnapshotLock, environment: Environment) {
    this.#lock = lock;
    this.#environment = environment;
  }

  /** Stops waiting for outcomes that are not known. */
  close(): void {
    this.#closed = true;
  }

  /** Begins no attempt while a commit is in doubt, and begins again each one that gave way to that. */
  async outside<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      while (this.#count > 0) await this.#decided.promise;
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof GaveWayError)) throw error;
      }
    }
  }

  /**
   * Finds out whether a commit went through, however long the database does not answer.
   * @param ask Asks it in a transaction of its own.
   */
  async findOut(ask: () => Promise<boolean>): Promise<boolean> {
    if (this.#count++ === 0) this.#decided = Promise.withResolvers();
    this.#lock.refuse(new GaveWayError());
    try {
      return await this.#untilAnswered(ask);
    } finally {
      if (--this.#count === 0) {
        this.#lock.reopen();
        this.#decided.resolve();
      }
    }
  }

  async #untilAnswered(ask: () => Promise<boolean>): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        if (this.#closed) throw new UnavailableError("outcomeUnknown", OUTCOME_UNKNOWN);
        this.#environment.log.warn("The outcome of a commit is not known yet: the database does not answer", { error });
        const pause = Math.min(2_000, 50 * 2 ** attempt);
        await new Promise<void>((resolve) => this.#environment.after(pause, resolve));
      }
    }
  }
}

/** A commit is in doubt: this transaction has written nothing, and begins again when that is decided. */
class GaveWayError extends Error {
  override name = "GaveWayError";
}

const OUTCOME_UNKNOWN = "Outcome unknown: the server stopped before the database had said whether it was committed.";
