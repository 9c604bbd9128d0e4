import type { Callers } from "../../auth/caller.ts";
import { IDENTIFY_TIME } from "../../auth/identify.ts";
import type { Environment } from "../../environment/environment.ts";
import type { Transactions } from "../commits/transactions.ts";
import { TimeLimitError } from "../run/failures.ts";
import type { Registry } from "../run/registry.ts";
import { Run, resolveCall } from "../run/run.ts";
import { withTimeLimit } from "../run/time-limit.ts";

export interface FreshQueryParts {
  readonly driver: { readonly connections: number };
  readonly environment: Environment;
  readonly transactions: Pick<Transactions, "read">;
  readonly callers: Callers;
  registry(): Registry;
}

/** How many of them run at once; the others wait for their turn. */
const MAX_AT_ONCE = 4;
/** Connections that they leave to mutations and to live queries. */
const LEFT_TO_OTHERS = 6;

/**
 * Runs queries that `identify` asks before it is known who is calling: each in a snapshot of its own, for an anonymous
 * caller. They are no live queries: an answer that others share could be of an earlier state, in which a session had not
 * ended.
 */
export class FreshQueries {
  readonly #parts: FreshQueryParts;
  readonly #ends = new Set<Promise<unknown>>();
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(parts: FreshQueryParts) {
    this.#parts = parts;
    this.#free = Math.max(1, Math.min(MAX_AT_ONCE, parts.driver.connections - LEFT_TO_OTHERS));
  }

  /**
   * @param target A reference to a query.
   * @returns what its handler returns.
   * @throws what its handler throws, and a `TimeLimitError` when its turn does not come, or it does not end, in time.
   */
  run(target: unknown, args?: Record<string, unknown>): Promise<unknown> {
    const asked = this.#parts.environment.now();
    const work = this.#inTurn(() => this.#read(target, args, asked));
    const end = work.catch(() => {}).then(() => void this.#ends.delete(end));
    this.#ends.add(end);
    return work;
  }

  /** Resolves when none runs. Never rejects. */
  async settled(): Promise<void> {
    await Promise.all(this.#ends);
  }

  async #inTurn<T>(body: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((begin) => this.#waiting.push(begin));
    try {
      return await body();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  async #read(target: unknown, args: Record<string, unknown> | undefined, asked: number): Promise<unknown> {
    const { environment, transactions, callers } = this.#parts;
    const registry = this.#parts.registry();
    const call = resolveCall(registry, "query", target, args);
    const late = `${call.path} took longer than ${IDENTIFY_TIME} ms. Do less in it: identify waits for it at each request.`;
    // `identify` has given up while this waited for its turn.
    if (environment.now() - asked >= IDENTIFY_TIME) throw new TimeLimitError(late);
    return transactions.read((connection) => {
      const work = new Run(registry, callers.of(null)).query(call, connection.db);
      return withTimeLimit(environment, IDENTIFY_TIME, call.path, work, () => connection.destroy(), late);
    });
  }
}
