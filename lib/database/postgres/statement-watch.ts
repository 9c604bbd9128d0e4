import type { PoolClient, QueryArrayResult, QueryResult } from "pg";
import { endedByHand } from "../driver/transaction-scope.ts";

/** The command of a statement that leaves something in the session, as the server names it in its answer. */
const LEAVES_SOMETHING = /^(LISTEN|PREPARE|LOAD)$/;
/** The same of statements whose answer does not tell. */
const SAYS_IT_LEAVES_SOMETHING =
  /\bpg_(try_)?advisory_lock|\b(create|into)\s+((local|global)\s+)?temp|\bwith\s+hold\b/i;
/** The statement changes a setting, which a BEGIN undoes, and nothing before it. */
const CHANGES_SETTINGS = /^(SET|RESET|DISCARD)/;
const SAYS_IT_CHANGES_SETTINGS = /\bset_config\b/i;

/**
 * Looks, after each statement of a function, whether the transaction that the driver began is still open, and what the
 * statement has left for later ones.
 *
 * Each statement is sent by itself, so that none can follow `commit` in the same text. After a statement that ended the
 * transaction no other is sent: it would be a transaction of its own, and a query could write.
 */
export class StatementWatch {
  readonly #client: PoolClient;
  #over: Error | undefined;
  #changedSettings = false;
  #isMarked = false;

  constructor(client: PoolClient) {
    this.#client = client;
  }

  /** The error with which every further statement is refused. Undefined while the transaction is the driver's own. */
  get over(): Error | undefined {
    return this.#over;
  }

  /** Whether the next function in the same transaction would notice something of the statements before it. */
  get isSpent(): boolean {
    return this.#over !== undefined || this.#changedSettings || this.#client.getTransactionStatus() !== "T";
  }

  /** Whether a statement of the transaction has changed a setting. */
  get changedSettings(): boolean {
    return this.#changedSettings;
  }

  /** Whether the connection must be closed: something stays in it that no BEGIN undoes. */
  get isMarked(): boolean {
    return this.#isMarked || this.#over !== undefined;
  }

  begun(): void {
    this.#over = undefined;
    this.#changedSettings = false;
  }

  /** @throws when the statement has ended the transaction. */
  succeeded(text: string, { command }: QueryResult | QueryArrayResult): void {
    this.#isMarked ||= LEAVES_SOMETHING.test(command) || SAYS_IT_LEAVES_SOMETHING.test(text);
    this.#changedSettings ||= CHANGES_SETTINGS.test(command) || SAYS_IT_CHANGES_SETTINGS.test(text);
    // `and chain` begins another transaction at once, so the status tells nothing of it. The name of the command is the
    // same for `rollback to savepoint`, which is harmless.
    const chained = command === "COMMIT" || (command === "ROLLBACK" && /\bchain\b/i.test(text));
    if (!chained && this.#client.getTransactionStatus() !== "I") return;
    this.#over = endedByHand(undefined);
    throw this.#over;
  }

  /** A failed statement may have ended the transaction as well. Resolves when the server has said so. */
  async failed(error: unknown): Promise<void> {
    await statusArrives(this.#client);
    if (this.#client.getTransactionStatus() === "I") this.#over = endedByHand(error);
  }
}

/**
 * Whether the statement may write a file on the server or run a program there, which PostgreSQL allows in a read-only
 * transaction.
 */
export function isCopy(text: string): boolean {
  const beginsWithWord = /^\s*[a-z]/i.test(text);
  return beginsWithWord ? /^\s*copy\b/i.test(text) : /\bcopy\b/i.test(text);
}

/** Members of the clients of `pg` and of Neon's package that their types omit. */
interface ClientWithStatus {
  /** Whether the server has answered everything, with the status of the transaction. */
  readyForQuery: boolean;
  connection: Record<"once" | "removeListener", (event: "readyForQuery" | "end", listener: () => void) => void>;
}

/** The error of a statement arrives before the status of the transaction. */
function statusArrives(client: PoolClient): Promise<void> | undefined {
  const { readyForQuery, connection } = client as unknown as ClientWithStatus;
  if (readyForQuery) return undefined;
  return new Promise((resolve) => {
    const arrived = (): void => {
      connection.removeListener("readyForQuery", arrived);
      connection.removeListener("end", arrived);
      resolve();
    };
    connection.once("readyForQuery", arrived);
    connection.once("end", arrived);
  });
}
