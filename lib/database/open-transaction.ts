/** The statements of one transaction, one after the other, until it ends. */
export class OpenTransaction {
  #isOpen = true;
  /** Settles when every statement so far has. Never rejects. */
  #settled: Promise<unknown> = Promise.resolve();
  #firstFailure: unknown;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The first statement that failed, but for those in nested transactions that were rolled back by `nested`. */
  get firstFailure(): unknown {
    return this.#firstFailure;
  }

  /** Waits for statements started earlier: a handler may run several at once with `Promise.all`. */
  run<T>(statement: () => T | Promise<T>): Promise<T> {
    this.assertOpen();
    const result = this.#settled.then(statement);
    this.#settled = result.catch((error) => {
      this.#firstFailure ??= error;
    });
    return result;
  }

  /**
   * Runs `body` in a savepoint, as PostgreSQL would: when a statement in it failed, all of it is rolled back, even if the
   * error was caught. For databases that would keep the rest.
   * @param depth How many nested transactions it is in.
   * @param send Runs one of the statements that make the savepoint.
   */
  async nested<T>(depth: number, send: (sql: string) => Promise<unknown>, body: () => Promise<T>): Promise<T> {
    const before = this.#firstFailure;
    await send(`savepoint convex_lite_${depth}`);
    try {
      const result = await body();
      if (this.#firstFailure !== before) throw rolledBackInstead(this.#firstFailure);
      await send(`release savepoint convex_lite_${depth}`);
      return result;
    } catch (error) {
      // When even that fails the whole transaction is over: what failed first stays known, and the commit will say so.
      await send(`rollback to savepoint convex_lite_${depth}`).then(
        () => (this.#firstFailure = before),
        () => {},
      );
      throw error;
    }
  }

  /** @throws when the transaction has ended, and with it everything that was allowed in it. */
  assertOpen(): void {
    if (!this.#isOpen) {
      throw new Error("The transaction of this function has ended; await everything before returning.");
    }
  }

  /** From now on no statement is accepted. Resolves when those already accepted have run. */
  async end(): Promise<void> {
    this.#isOpen = false;
    await this.#settled;
  }
}

/** What a commit says when there is nothing to commit any more. */
export function rolledBackInstead(cause: unknown): Error {
  return new Error(
    "The database rolled back instead of committing: a statement failed earlier and its error was caught. " +
      "Let the error through, or run the statement in a nested db.transaction, which can fail by itself.",
    { cause },
  );
}

/** What a commit says when somebody else has ended the transaction. */
export function endedByHand(cause: unknown): Error {
  return new Error(
    "The transaction was over before it was committed: a function must not run commit or rollback itself.",
    { cause },
  );
}
