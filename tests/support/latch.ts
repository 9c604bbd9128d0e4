/** Holds runs of a function until it is opened. */
export class Latch {
  readonly #arrived = Promise.withResolvers<void>();
  readonly #opened = Promise.withResolvers<void>();

  /** For the function: resolves when the latch is open. */
  pass(): Promise<void> {
    this.#arrived.resolve();
    return this.#opened.promise;
  }

  /** Resolves when the first run has reached it. */
  get arrived(): Promise<void> {
    return this.#arrived.promise;
  }

  open(): void {
    this.#opened.resolve();
  }
}
