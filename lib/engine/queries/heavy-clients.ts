import type { Client, LiveQuery } from "./live-query.ts";

/** After so many batches in a row that had no time for all of a client's queries, the client counts as heavy. */
const MOST_LEFT_IN_A_ROW = 3;

/**
 * Clients whose queries take more than a share of a batch. What only they need runs apart, so that no other client waits
 * for it.
 */
export class HeavyClients {
  readonly #all = new WeakSet<Client>();
  /** How many batches in a row had no time for all queries of a client. */
  readonly #left = new WeakMap<Client, number>();

  /**
   * A batch had no time for all of its queries.
   * @param hadShare Did others of them take its share of the batch?
   */
  left(client: Client, hadShare: boolean): void {
    const inARow = (this.#left.get(client) ?? 0) + 1;
    this.#left.set(client, inARow);
    if (hadShare || inARow >= MOST_LEFT_IN_A_ROW) this.#all.add(client);
  }

  /** A batch has run all of its queries, within its share. */
  served(client: Client): void {
    this.#left.delete(client);
    this.#all.delete(client);
  }

  /** Do only such clients need this? */
  aloneNeed(live: LiveQuery): boolean {
    for (const client of live.clients()) if (!this.#all.has(client)) return false;
    return true;
  }
}
