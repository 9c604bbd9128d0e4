import type { Client, LiveQuery } from "../queries/live-query.ts";

/**
 * In which order the queries of a batch run: clients take turns, so that the many queries of one come after the first ones
 * of all others. A connection that watches is a client, and so is each call that waits for an answer.
 */
export class Rotation {
  /** How many turns each client has had. */
  readonly #turns = new Map<Client, number>();
  readonly #clients = new Map<LiveQuery, Client>();
  readonly #turnOf = new Map<LiveQuery, number>();
  /** Milliseconds that the queries of each client have taken. */
  readonly #spent = new Map<Client, number>();

  /** Puts these in order, after those that it has been given before. Without turns, the order stays. */
  inTurns(due: readonly LiveQuery[]): LiveQuery[] {
    const turns = due.map((live) => ({ live, turn: this.#takeTurn(live) }));
    return turns.sort((a, b) => a.turn - b.turn).map(({ live }) => live);
  }

  /** A query has run for so long. */
  spend(live: LiveQuery, ms: number): void {
    const client = this.#clients.get(live);
    if (client) this.#spent.set(client, (this.#spent.get(client) ?? 0) + ms);
  }

  /** How many queries of its client come before it. */
  turnOf(live: LiveQuery): number {
    return this.#turnOf.get(live) ?? 0;
  }

  /** In whose turn it runs. */
  clientOf(live: LiveQuery): Client | undefined {
    return this.#clients.get(live);
  }

  /** The milliseconds that each client has taken. */
  get spent(): ReadonlyMap<Client, number> {
    return this.#spent;
  }

  /** A query runs in the turn of that of its clients which has had the fewest. */
  #takeTurn(live: LiveQuery): number {
    let fewest = Number.POSITIVE_INFINITY;
    let client: Client | undefined;
    for (const one of live.clients()) {
      const turns = this.#turns.get(one) ?? 0;
      if (turns >= fewest) continue;
      fewest = turns;
      client = one;
      // No other can have had fewer: a query that a thousand watch costs no more than one.
      if (turns === 0) break;
    }
    if (!client) return 0;
    this.#turns.set(client, fewest + 1);
    this.#clients.set(live, client);
    if (fewest > 0) this.#turnOf.set(live, fewest);
    return fewest;
  }
}
