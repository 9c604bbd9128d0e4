import type { Environment } from "../../environment/environment.ts";

/** How long others are held back at most for one that is to win. Longer than PostgreSQL lets a deadlock stand. */
const LONGEST_MS = 2_000;

/**
 * The last resort of a transaction that keeps losing: it runs while no other of this process does. Those that run come
 * to an end, and no try begins before it has ended. Several go one after the other.
 */
export class SoleWriter {
  readonly #environment: Environment;
  /** Tries that have begun and not ended. */
  #running = 0;
  /** Resolves when the last that is to run by itself has ended; undefined when there is none. */
  #last: Promise<void> | undefined;
  #leave: (() => void) | undefined;
  #nothingRuns: (() => void) | undefined;
  #isClosed = false;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /**
   * Before each try; each is followed by a call of `end`.
   * @param isSole It has entered. @returns what to wait for before it begins, if anything.
   */
  begin(isSole: boolean): Promise<void> | undefined {
    if (this.#last && !isSole) return this.#beginLater();
    this.#running++;
    return undefined;
  }

  /** After each try. */
  end(): void {
    if (--this.#running === 0) this.#nothingRuns?.();
  }

  /** Between two tries. Resolves when the next runs by itself, or has waited for that for long; with what to call when it has ended. */
  async enter(): Promise<() => void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    const quiet = Promise.withResolvers<void>();
    const leave = (): void => {
      cancel();
      quiet.resolve();
      if (this.#last === promise) this.#last = undefined;
      resolve();
    };
    const cancel = this.#environment.after(LONGEST_MS, leave);
    this.#leave = leave;
    this.#nothingRuns = quiet.resolve;
    if (this.#isClosed) leave();
    else if (this.#running > 0) await quiet.promise;
    return leave;
  }

  /** From now on nothing is held back. */
  close(): void {
    this.#isClosed = true;
    this.#leave?.();
  }

  async #beginLater(): Promise<void> {
    while (this.#last) await this.#last;
    this.#running++;
  }
}
