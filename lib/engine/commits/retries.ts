import type { Driver } from "../../database/driver/driver.ts";
import type { Environment } from "../../environment/environment.ts";
import { UnavailableError } from "../../protocol/function-error.ts";
import type { EngineLimits } from "../run/limits.ts";
import { SoleWriter } from "./sole-writer.ts";
import { WriteTurns } from "./write-turns.ts";

/** After so many lost conflicts a transaction runs by itself. */
const FREE_RETRIES = 3;
/** A transaction that has lost its connection so often after it had begun is given up: it may be what breaks it. */
const MAX_LOSSES = 5;
/** How often the log is told, at most, that the database cannot be reached. */
const WARN_INTERVAL_MS = 1_000;

/**
 * Begins transactions again: `limits.conflictRetries` times after conflicts, and for `limits.databaseTimeoutMs` without a
 * connection, as a database that is started anew takes a while. Mutations that conflict take turns, and what has lost
 * several times all the same runs by itself, so that it wins.
 */
export class Retries {
  readonly #driver: Driver;
  readonly #environment: Environment;
  readonly #limits: EngineLimits;
  readonly #turns: WriteTurns;
  readonly #soleWriter: SoleWriter;
  #closed = false;
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(driver: Driver, environment: Environment, limits: EngineLimits) {
    this.#driver = driver;
    this.#environment = environment;
    this.#limits = limits;
    this.#turns = new WriteTurns(environment, driver.connections);
    this.#soleWriter = new SoleWriter(environment);
  }

  /** From now on a failure is final, and nothing waits for another. */
  close(): void {
    this.#closed = true;
    this.#turns.close();
    this.#soleWriter.close();
  }

  /**
   * @param attempt Runs one transaction; calls `begun` when it has begun.
   * @param path Of the mutation: those of one path take turns while they conflict.
   * @throws {UnavailableError} when it was given up.
   */
  async run<T>(attempt: (begun: () => void) => Promise<T>, path?: string): Promise<T> {
    const asked = path === undefined ? undefined : this.#turns.begin(path);
    let turn = asked && (await asked);
    let leave: (() => void) | undefined;
    let hasCommitted = false;
    /** Since when there is no connection. */
    let awaySince: number | undefined;
    try {
      for (let conflicts = 0, losses = 0, pauses = 0; ; ) {
        let begunAt: number | undefined;
        const held = this.#soleWriter.begin(leave !== undefined);
        if (held) await held;
        try {
          try {
            const result = await attempt(() => {
              begunAt = this.#environment.now();
            });
            hasCommitted = true;
            return result;
          } finally {
            this.#soleWriter.end();
          }
        } catch (error) {
          const failure = this.#driver.classify(error);
          if (failure === "conflict") {
            if (++conflicts > this.#limits.conflictRetries || this.#closed) throw keptLosing(conflicts);
            awaySince = undefined;
            const ms = begunAt === undefined ? 0 : Math.max(0, this.#environment.now() - begunAt);
            const next = path === undefined || leave ? turn : this.#turns.lost(path, turn, ms);
            await this.#pause(Math.min(100, 2 ** conflicts));
            turn = await next;
            if (conflicts >= FREE_RETRIES) leave ??= await this.#soleWriter.enter();
          } else if (failure === "connectionLost") {
            if (begunAt !== undefined) awaySince = undefined;
            else awaySince ??= this.#environment.now();
            if ((begunAt !== undefined && ++losses >= MAX_LOSSES) || this.#isTooLong(awaySince) || this.#closed) {
              throw this.#unreachable(error);
            }
            await this.#pause(Math.min(500, 2 ** ++pauses));
          } else {
            throw error;
          }
        }
      }
    } finally {
      leave?.();
      if (path !== undefined) this.#turns.end(path, turn, hasCommitted);
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
