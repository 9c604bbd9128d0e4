import { AsyncLocalStorage } from "node:async_hooks";

/** A transaction, or one nested in it by a savepoint: its statements run one after the other. */
interface Scope {
  readonly depth: number;
  isOpen: boolean;
  /** Settles when everything so far has, nested transactions among it. Never rejects. */
  settled: Promise<unknown>;
  /** The first statement that failed, but for those in nested ones, which fail by themselves. */
  firstFailure: unknown;
}

/**
 * The statements of one transaction, one after the other, until it ends.
 *
 * A nested one is a statement to the one around it: what is asked of that meanwhile waits, or it would be undone with it.
 * Where a statement belongs is told by where it is asked for: inside the body of a nested one it is that one's, whichever
 * `db` it goes through, as otherwise the body might wait for itself.
 */
export class TransactionScope {
  readonly #root: Scope = scopeAt(0);
  /** In which nested one somebody is. Undefined while there has been none. */
  #inside: AsyncLocalStorage<Scope> | undefined;
  /** What the database is doing, once there has been a nested one. Never rejects. */
  #running: Promise<unknown> = Promise.resolve();
  #isGivenUp = false;

  get isOpen(): boolean {
    return this.#root.isOpen;
  }

  /** The first statement that failed, but for those in nested transactions, which were rolled back. */
  get firstFailure(): unknown {
    return this.#root.firstFailure;
  }

  /** Waits for what was started earlier: a handler may run several at once with `Promise.all`. */
  run<T>(statement: () => T | Promise<T>): Promise<T> {
    this.assertOpen();
    const scope = this.#scope;
    const result = scope.settled.then(this.#inside ? () => this.#runNow(statement) : statement);
    scope.settled = result.catch((error) => {
      scope.firstFailure ??= error;
    });
    return result;
  }

  /**
   * Runs `body` in a savepoint: when it fails, or a statement in it did, all of it is rolled back, even if the error was
   * caught, and nothing else is.
   * @param send Runs one of the statements that make the savepoint.
   */
  nested<T>(send: (sql: string) => Promise<unknown>, body: () => Promise<T>): Promise<T> {
    this.assertOpen();
    const around = this.#scope;
    const scope = scopeAt(around.depth + 1);
    this.#inside ??= new AsyncLocalStorage();
    const inside = this.#inside;
    const result = around.settled.then(() => inside.run(scope, () => this.#inSavepoint(scope, around, send, body)));
    around.settled = result.catch(() => {});
    return result;
  }

  /** @throws when the transaction has ended, and with it everything that was allowed in it. */
  assertOpen(): void {
    if (!this.#scope.isOpen || this.#isGivenUp) {
      throw new Error("The transaction of this function has ended; await everything before returning.");
    }
  }

  /** From now on nothing is accepted. Resolves when what was accepted has run. */
  async end(): Promise<void> {
    this.#root.isOpen = false;
    await this.#root.settled;
  }

  /** The same for a transaction of which nothing is kept: what has not begun yet never runs. */
  async giveUp(): Promise<void> {
    this.#root.isOpen = false;
    this.#isGivenUp = true;
    // A nested one may be waiting for something that never comes.
    await (this.#inside ? this.#running : this.#root.settled);
  }

  get #scope(): Scope {
    return this.#inside?.getStore() ?? this.#root;
  }

  #runNow<T>(statement: () => T | Promise<T>): Promise<T> {
    if (this.#isGivenUp) throw new Error("The transaction was rolled back before this was its turn.");
    const result = Promise.resolve(statement());
    this.#running = result.catch(() => {});
    return result;
  }

  async #inSavepoint<T>(
    scope: Scope,
    around: Scope,
    send: (sql: string) => Promise<unknown>,
    body: () => Promise<T>,
  ): Promise<T> {
    const name = `convex_lite_${scope.depth}`;
    try {
      await send(`savepoint ${name}`);
      const result = await body();
      await scope.settled;
      if (scope.firstFailure !== undefined) throw rolledBackInstead(scope.firstFailure);
      await send(`release savepoint ${name}`);
      return result;
    } catch (error) {
      await scope.settled;
      // When even that fails the one around it is over as well, and its end will say so.
      await send(`rollback to savepoint ${name}`).catch((failure: unknown) => {
        around.firstFailure ??= scope.firstFailure ?? failure;
      });
      throw error;
    } finally {
      scope.isOpen = false;
    }
  }
}

function scopeAt(depth: number): Scope {
  return { depth, isOpen: true, settled: Promise.resolve(), firstFailure: undefined };
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
