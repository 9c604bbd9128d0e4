import type { Cancel } from "../environment/environment.ts";
import { share } from "../values/share.ts";
import type { SyncClient } from "./sync-client.ts";

/** How the page is connected, and how many mutations wait. */
export interface ConnectionState {
  readonly state: "connecting" | "open" | "waiting" | "stopped";
  readonly hasEverConnected: boolean;
  /** When the next attempt is due, in milliseconds since 1970. Only while waiting. */
  readonly retryAt?: number;
  /** Mutations that were called and have not ended. */
  readonly pendingMutations: number;
}

export const NOT_CONNECTED: ConnectionState = Object.freeze({
  state: "connecting",
  hasEverConnected: false,
  pendingMutations: 0,
});

/** The connection of a client, for those who show it. */
export class ConnectionStatus {
  readonly #client: SyncClient;
  #state = NOT_CONNECTED;

  constructor(client: SyncClient) {
    this.#client = client;
  }

  /** The same object until it changes. */
  readonly state = (): ConnectionState => {
    const { phase, hasEverConnected, pendingMutations } = this.#client.connection;
    const state = phase.state === "idle" ? "connecting" : phase.state;
    const retryAt = phase.state === "waiting" && { retryAt: phase.retryAt };
    this.#state = share(this.#state, { state, hasEverConnected, ...retryAt, pendingMutations });
    return this.#state;
  };

  readonly subscribe = (listener: () => void): Cancel => this.#client.follow(() => [this.state()], listener);
}
