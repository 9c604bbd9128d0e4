import { AsyncLocalStorage } from "node:async_hooks";

/** A transaction, or a transaction nested in one by a savepoint. Its statements run one after the other. */
interface Scope {
  readonly depth: number;
  isOpen: boolean;
  /** Settles when all statements and nested transactions so far have settled. Never rejects. */
  settled: Promise<unknown>;
  /** The error of the first statement that failed. Those of nested transactions do not count: each fails by itself. */
  firstFailure: unknown;
}

/**
 * Runs the statements of one transaction one after the other, until the transaction ends.
 *
 * To the transaction around it, a nested transaction is one statement: later statements of the outer one wait for its
 * end, because a rollback to its savepoint would undo them, too. A statement belongs to the body in which it was
 * started. Inside the body of a nested transaction it belongs to that one even when it goes through the outer `db`:
 * otherwise it would wait for the nested transaction, and the body that awaits it would wait for itself.
 */
export class TransactionScope {
  readonly #root: Scope = scopeAt(0);
  /** The nested transaction in whose body the code runs. Undefined as long as there has been no nested transaction. */
  #inside: AsyncLocalStorage<Scope> | undefined;
  /** The statement that the database runs now. Only set once there has been a nested transaction. Never rejects. */
  #running: Promise<unknown> = Promise.resolve();
  #isGivenUp = false;

  get isOpen(): boolean {
    return this.#root.isOpen;
  }

  /** The error of the first statement that failed. Those of nested transactions do not count: they were rolled back. */
  get firstFailure(): unknown {
    return this.#root.firstFailure;
  }

  /** Runs a statement after those that were started earlier: a handler may start several at once with `Promise.all`. */
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
   * Runs `body` in a savepoint. When `body` throws, or a statement in it failed and its error was caught, everything in
   * the savepoint is rolled back, and nothing else.
   * @param send Runs one of the statements that make, release or roll back the savepoint.
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

  /** @throws when the transaction, or the nested transaction in which the code runs, has ended. */
  assertOpen(): void {
    if (!this.#scope.isOpen || this.#isGivenUp) {
      throw new Error("The transaction of this function has ended; await everything before returning.");
    }
  }

  /** Refuses statements from now on. Resolves when those accepted before have run. */
  async end(): Promise<void> {
    this.#root.isOpen = false;
    await this.#root.settled;
  }

  /** As `end`, for a transaction that will be rolled back: statements that have not begun never run. */
  async giveUp(): Promise<void> {
    this.#root.isOpen = false;
    this.#isGivenUp = true;
    // The body of a nested transaction may wait for something that never comes, so only the running statement is
    // awaited.
    await (this.#inside ? this.#running : this.#root.settled);
  }

  get #scope(): Scope {
    return this.#inside?.getStore() ?? this.#root;
  }

  #runNow<T>(statement: () => T | Promise<T>): Promise<T> {
    if (this.#isGivenUp) throw new Error("The transaction was rolled back before this statement could run.");
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
      // A failed rollback has ended the outer transaction as well; its commit reports the failure.
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

/** The error of a commit in whose transaction a statement failed. */
export function rolledBackInstead(cause: unknown): Error {
  return new Error(
    "The database rolled back instead of committing: a statement failed earlier and its error was caught. " +
      "Let the error through, or run the statement in a nested db.transaction, which can fail by itself.",
    { cause },
  );
}

/** The error of a commit whose transaction was already ended, by a statement of the function. */
export function endedByHand(cause: unknown): Error {
  return new Error(
    "The transaction was over before it was committed: a function must not run commit or rollback itself.",
    { cause },
  );
}
