import type { Cancel } from "../environment/environment.ts";
import { share } from "../values/share.ts";
import type { SyncClient } from "./sync-client.ts";

/** The state of a client's connection, and how many mutations have not ended. */
export interface ConnectionState {
  /**
   * `connecting`: not connected yet, as nothing needs a connection or the server has not answered. `open`: connected.
   * `waiting`: the connection is lost, and the next attempt is due at `retryAt`. `stopped`: the client was closed, or the
   * server speaks another version of the protocol.
   */
  readonly state: "connecting" | "open" | "waiting" | "stopped";
  /** Has the server ever accepted a connection of this client? */
  readonly hasEverConnected: boolean;
  /** When the next attempt is due, in milliseconds since 1970. Only while waiting. */
  readonly retryAt?: number;
  /** How many mutations were called and have not ended. */
  readonly pendingMutations: number;
}

export const NOT_CONNECTED: ConnectionState = Object.freeze({
  state: "connecting",
  hasEverConnected: false,
  pendingMutations: 0,
});

/** Reads and follows the state of a client's connection. */
export class ConnectionStatus {
  readonly #client: SyncClient;
  #state = NOT_CONNECTED;

  constructor(client: SyncClient) {
    this.#client = client;
  }

  /** The same object until it changes. */
  readonly state = (): ConnectionState => {
    const [connection, calls] = this.#client.parts;
    const { phase, identity } = connection;
    this.#state = share(this.#state, {
      ...phase,
      state: phase.state === "idle" ? "connecting" : phase.state,
      hasEverConnected: identity !== undefined,
      pendingMutations: calls.count("Mutate"),
    });
    return this.#state;
  };

  readonly subscribe = (listener: () => void): Cancel => this.#client.follow(() => [this.state()], listener);
}
