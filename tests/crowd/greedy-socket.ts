import { once } from "node:events";
import { WebSocket } from "ws";
import type { ClientMessage } from "../../lib/protocol/client-message.ts";

/** How much a greedy client lets wait in its own process. */
const UNSENT = 4 * 1024 * 1024;

/** A socket that speaks the protocol, counts what it hears, and keeps nothing. */
export class GreedySocket {
  readonly clientId: string;
  readonly #socket: WebSocket;
  readonly #signal: AbortSignal;
  /** Messages that were heard, by type. */
  readonly heard: Record<string, number> = {};
  /** Undefined while it is open. */
  closedWith: number | undefined;
  #requests = 0;

  private constructor(socket: WebSocket, clientId: string, signal: AbortSignal) {
    this.#socket = socket;
    this.clientId = clientId;
    this.#signal = signal;
    socket.on("message", (data: Buffer) => {
      // The nine bytes of `{"type":"`, then the type.
      const start = data.toString("latin1", 9, 40);
      const type = start.slice(0, start.indexOf('"'));
      this.heard[type] = (this.heard[type] ?? 0) + 1;
      if (type === "Ping") this.say({ type: "Pong" });
    });
    socket.on("error", () => {});
    socket.on("close", (code) => {
      this.closedWith = code;
    });
  }

  /** Connects. Rejects when the server refuses it. */
  static async open(host: string, clientId: string, signal: AbortSignal): Promise<GreedySocket> {
    const socket = new WebSocket(`ws://${host}/api/sync`);
    const greedy = new GreedySocket(socket, clientId, signal);
    await once(socket, "open");
    return greedy.say({ type: "Connect", protocol: 4, clientId });
  }

  say(message: ClientMessage): this {
    return this.sayText(JSON.stringify(message));
  }

  sayText(text: string | Buffer): this {
    if (this.isOpen) this.#socket.send(text);
    return this;
  }

  /** Calls the next mutation, and confirms none. */
  mutate(path: string, argsText: string): this {
    const request = ++this.#requests;
    return this.sayText(`{"type":"Mutate","request":${request},"path":"${path}","args":${argsText},"confirmedUpTo":0}`);
  }

  /** How many of its mutations have no outcome. */
  get unanswered(): number {
    return this.#requests - (this.heard.MutationSucceeded ?? 0) - (this.heard.MutationFailed ?? 0);
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Does the socket take more, and is there time? */
  get mayGoOn(): boolean {
    return this.isOpen && !this.#signal.aborted;
  }

  get isFull(): boolean {
    return this.#socket.bufferedAmount > UNSENT;
  }

  /** Reads nothing from now on. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Breaks the connection without a close frame. */
  vanish(): void {
    this.#socket.terminate();
  }
}
