import { setTimeout } from "node:timers/promises";
import type { Chance } from "../fuzz/chance.ts";
import { GreedySocket } from "./greedy-socket.ts";

/** What a greedy client has for its visits to the server. */
export class GreedyClient {
  /** Such as `127.0.0.1:45123`. */
  readonly host: string;
  /** Lists that ordinary clients watch and add to. */
  readonly lists: readonly string[];
  readonly chance: Chance;
  /** Aborted when the crowd has to leave. */
  readonly signal: AbortSignal;
  /** How its sockets ended, and what they heard. */
  readonly tally: Record<string, number> = {};
  readonly #sockets = new Set<GreedySocket>();

  constructor(host: string, lists: readonly string[], chance: Chance, signal: AbortSignal) {
    this.host = host;
    this.lists = lists;
    this.chance = chance;
    this.signal = signal;
  }

  get mayGoOn(): boolean {
    return !this.signal.aborted;
  }

  /** @param clientId Default: a new one. */
  async connect(clientId = this.newClientId()): Promise<GreedySocket> {
    const socket = await GreedySocket.open(this.host, clientId, this.signal);
    this.#sockets.add(socket);
    return socket;
  }

  newClientId(): string {
    return Array.from({ length: 32 }, () => this.chance.pick(16).toString(16)).join("");
  }

  /** A text of so many bytes that no other client has. */
  text(bytes: number): string {
    return `${this.newClientId()} `.padEnd(bytes, "x");
  }

  /** Waits so long, or until the crowd leaves. */
  async pause(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.signal }).catch(() => {});
  }

  count(what: string, times = 1): void {
    this.tally[what] = (this.tally[what] ?? 0) + times;
  }

  /** The end of a visit: all its sockets vanish. */
  leave(): void {
    for (const socket of this.#sockets) {
      this.count(socket.closedWith === undefined ? "left open" : `closed with ${socket.closedWith}`);
      for (const [type, times] of Object.entries(socket.heard)) this.count(type, times);
      socket.vanish();
    }
    this.#sockets.clear();
  }
}
