import type { LiveQueries } from "../queries/live-queries.ts";
import type { Client, LiveQuery } from "../queries/live-query.ts";
import type { Batch } from "./batch.ts";

/** In which order the queries of a batch run, and which clients have had more than their share of it. */
export class RunOrder {
  readonly #liveQueries: LiveQueries;
  readonly #shareMs: number;
  /** Has the last batch left out what runs apart, for want of lanes? */
  #hasPassedOver = false;

  /** @param batchMs How long a batch waits for its queries. */
  constructor(liveQueries: LiveQueries, batchMs: number) {
    this.#liveQueries = liveQueries;
    this.#shareMs = batchMs / 2;
  }

  /**
   * Puts what is due into the batch.
   * @param hasLanesApart Are there lanes for queries that run apart? Otherwise they take turns with the others: these are
   * not kept waiting for the end of their turn.
   */
  fill(batch: Batch, due: readonly LiveQuery[], hasLanesApart: boolean): void {
    const { rotation } = batch;
    const together: LiveQuery[] = [];
    const apart: LiveQuery[] = [];
    // What has lost its connection comes last: it may be what loses every one.
    const suspects: LiveQuery[] = [];
    for (const live of due) {
      if (this.#liveQueries.costs.runsApart(live)) apart.push(live);
      else if (live.consecutiveLostRuns > 0) suspects.push(live);
      else together.push(live);
    }
    const first = rotation.inTurns(together);
    const last = rotation.inTurns(apart);
    if (hasLanesApart) batch.addApart(last.splice(0));
    const turn = last.splice(0, first.length > 0 ? Number(this.#hasPassedOver) : last.length);
    if (turn.length > 0) batch.delayOthers();
    batch.add([...turn, ...first, ...rotation.inTurns(suspects)]);
    this.#hasPassedOver = turn.length === 0 && last.length > 0;
    this.#liveQueries.putBackFirst(last);
  }

  /** The batch has no more time: what runs apart from now on is left to the lanes that it does not wait for. */
  leave(batch: Batch): void {
    if (batch.isLeft) return;
    this.#weigh(batch);
    batch.leave((live) => this.#liveQueries.costs.runsApart(live));
  }

  /** The batch is to be published. */
  end(batch: Batch): void {
    if (!batch.isLeft) this.#weigh(batch);
  }

  /** No lane works for the batch any more. */
  completed(batch: Batch): void {
    for (const [client, ms] of batch.rotation.spent) {
      if (ms < this.#shareMs) this.#liveQueries.costs.heavyClients.served(client);
    }
  }

  /** Notes which clients take more than their share. A client with one query is none of them, however long it waits. */
  #weigh(batch: Batch): void {
    const { heavyClients } = this.#liveQueries.costs;
    const waiting = new Map<Client, number>();
    for (const live of batch.unbegun) {
      const client = batch.rotation.clientOf(live);
      if (client) waiting.set(client, (waiting.get(client) ?? 0) + 1);
    }
    const { spent } = batch.rotation;
    for (const [client, queries] of waiting) {
      const ms = spent.get(client) ?? 0;
      if (ms > 0 || queries > 1) heavyClients.left(client, ms >= this.#shareMs);
    }
    if (batch.lanesApart > 0) return;
    for (const [client, ms] of spent) if (!waiting.has(client) && ms < this.#shareMs) heavyClients.served(client);
  }
}
