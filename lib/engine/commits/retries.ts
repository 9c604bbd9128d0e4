import type { Driver } from "../../database/driver/driver.ts";
import type { Environment } from "../../environment/environment.ts";
import { UnavailableError } from "../../protocol/function-error.ts";
import type { EngineLimits } from "../run/limits.ts";

/** After so many lost conflicts a transaction takes its turn with others that lost as well. */
const FREE_RETRIES = 2;
/** A transaction that has lost its connection so often after it had begun is given up: it may be what breaks it. */
const MAX_LOSSES = 5;
/** How often the log is told, at most, that the database cannot be reached. */
const WARN_INTERVAL_MS = 1_000;

/**
 * Begins transactions again: `limits.conflictRetries` times after conflicts, and for `limits.databaseTimeoutMs` without a
 * connection, as a database that is started anew takes a while. Transactions that keep losing against each other then go
 * one at a time, so that with every try one of them wins.
 */
export class Retries {
  readonly #driver: Driver;
  readonly #environment: Environment;
  readonly #limits: EngineLimits;
  #closed = false;
  #warnedAt = Number.NEGATIVE_INFINITY;
  /** Resolves when the last transaction that goes one at a time has ended. */
  #lastInLane: Promise<void> = Promise.resolve();

  constructor(driver: Driver, environment: Environment, limits: EngineLimits) {
    this.#driver = driver;
    this.#environment = environment;
    this.#limits = limits;
  }

  /** From now on a failure is final. */
  close(): void {
    this.#closed = true;
  }

  /**
   * @param attempt Runs one transaction; calls `begun` when it has begun.
   * @throws {UnavailableError} when it was given up.
   */
  async run<T>(attempt: (begun: () => void) => Promise<T>): Promise<T> {
    let leaveLane: (() => void) | undefined;
    /** Since when there is no connection. */
    let awaySince: number | undefined;
    try {
      for (let conflicts = 0, losses = 0, pauses = 0; ; ) {
        let hasBegun = false;
        try {
          return await attempt(() => {
            hasBegun = true;
          });
        } catch (error) {
          const failure = this.#driver.classify(error);
          if (failure === "conflict") {
            if (++conflicts > this.#limits.conflictRetries || this.#closed) throw keptLosing(conflicts);
            awaySince = undefined;
            await this.#pause(Math.min(100, 2 ** conflicts));
            if (conflicts >= FREE_RETRIES) leaveLane ??= await this.#enterLane();
          } else if (failure === "connectionLost") {
            if (hasBegun) awaySince = undefined;
            else awaySince ??= this.#environment.now();
            if ((hasBegun && ++losses >= MAX_LOSSES) || this.#isTooLong(awaySince) || this.#closed) {
              throw this.#unreachable(error);
            }
            await this.#pause(Math.min(500, 2 ** ++pauses));
          } else {
            throw error;
          }
        }
      }
    } finally {
      leaveLane?.();
    }
  }

  #isTooLong(since: number | undefined): boolean {
    return since !== undefined && this.#environment.now() - since >= this.#limits.databaseTimeoutMs;
  }

  /** The reason is for the log: what a caller is told says nothing of the database. */
  #unreachable(error: unknown): UnavailableError {
    const now = this.#environment.now();
    if (now - this.#warnedAt >= WARN_INTERVAL_MS) {
      this.#environment.log.warn("Mutations fail: the database cannot be reached", { error });
    }
    this.#warnedAt = Math.max(this.#warnedAt, now);
    return new UnavailableError("timedOut", "The database cannot be reached. Nothing was written; try again.");
  }

  /** Resolves when all that came before have left, with what to call on leaving. */
  async #enterLane(): Promise<() => void> {
    const before = this.#lastInLane;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastInLane = promise;
    await before;
    return resolve;
  }

  /** Waits for a random part of so many milliseconds. */
  #pause(longest: number): Promise<void> {
    return new Promise((resolve) => this.#environment.after(this.#environment.random() * longest, resolve));
  }
}

function keptLosing(tries: number): UnavailableError {
  return new UnavailableError(
    "overloaded",
    `Others kept changing the same rows: gave up after ${tries} tries. Nothing was written; try again.`,
  );
}
