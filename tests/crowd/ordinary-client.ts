import { WebSocket } from "ws";
import { ConvexClient } from "../../lib/client/convex-client.ts";
import type { FunctionError } from "../../lib/protocol/function-error.ts";
import type { Chance } from "../fuzz/chance.ts";
import { silent } from "../support/silent.ts";

export interface Entry {
  id: number;
  list: string;
  uid: string;
}

/** Between two mutations: about a second. Milliseconds. */
const LEAST = 500;
const MOST = 1_500;

/** A client that watches a list, and adds to it once a second or so. */
export class OrdinaryClient {
  readonly list: string;
  readonly name: string;
  readonly acknowledged: string[] = [];
  readonly refused: string[] = [];
  /** How often its connection was lost. */
  losses = 0;
  /** Milliseconds from each call until `mutation()` has resolved. */
  readonly latencies: number[] = [];
  shown: Entry[] | undefined;
  readonly #client: ConvexClient;
  readonly #chance: Chance;
  #timer: NodeJS.Timeout | undefined;
  #calls: Promise<void>[] = [];

  constructor(url: string, name: string, list: string, chance: Chance) {
    this.name = name;
    this.list = list;
    this.#chance = chance;
    this.#client = new ConvexClient(url, { logger: silent, webSocketConstructor: WebSocket as never });
    this.#client.watchQuery("entries:latest", { list }, ({ data }) => {
      this.shown = data as Entry[] | undefined;
    });
    let was = "connecting";
    this.#client.subscribeToConnectionState(() => {
      const { state } = this.#client.connectionState();
      if (was === "open" && state !== "open") this.losses++;
      was = state;
    });
  }

  get isReady(): boolean {
    return this.shown !== undefined && this.#client.connectionState().state === "open";
  }

  /** Adds an entry once a second or so, from now on. */
  begin(): void {
    this.#timer = setTimeout(
      () => {
        this.#calls.push(this.#add());
        this.begin();
      },
      LEAST + this.#chance.pick(MOST - LEAST),
    );
  }

  /** Calls no more. Resolves when every call has ended. */
  async rest(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all(this.#calls);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#client.close();
  }

  async #add(): Promise<void> {
    const uid = `${this.name}.${this.#calls.length}`;
    const called = performance.now();
    try {
      await this.#client.mutation("entries:add", { list: this.list, uid });
      this.latencies.push(performance.now() - called);
      this.acknowledged.push(uid);
    } catch (error) {
      const { kind, reason, message } = error as FunctionError & { reason?: string };
      this.refused.push(`${uid}: ${kind} ${reason ?? ""} ${message}`);
    }
  }
}
