import type { LongWork } from "../run/long-work.ts";

/**
 * When queries may run that should run apart, where the database has one connection. There they keep commits waiting, so
 * they are long work: they have their turn among it, and are followed by a pause, unless there are no commits.
 */
export class TurnsApart {
  readonly #longWork: LongWork;
  readonly #take: () => void;
  #hasTurn = false;
  #lastRevision = -1;

  /** @param begin Called when it is their turn. */
  constructor(longWork: LongWork, begin: () => void) {
    this.#longWork = longWork;
    this.#take = () => {
      this.#hasTurn = true;
      begin();
    };
  }

  /** May they run at this revision? */
  mayRun(revision: number): boolean {
    return this.#hasTurn || this.#longWork.isFree || revision === this.#lastRevision;
  }

  /** They have run, at this revision, and taken so many milliseconds. */
  ran(revision: number, ms: number): void {
    this.#longWork.tookLong(ms);
    this.#lastRevision = revision;
    this.#hasTurn = false;
  }

  /** Some are due, and must wait for their turn. */
  wait(): void {
    this.#longWork.whenFree(this.#take);
  }

  /** Their turn is over, though they may not have run. */
  end(): void {
    this.#hasTurn = false;
  }

  close(): void {
    this.#longWork.forget(this.#take);
  }
}
