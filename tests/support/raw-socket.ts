import { once } from "node:events";
import { WebSocket } from "ws";
import type { ClientMessage } from "../../lib/protocol/client-message.ts";
import type { ServerMessage } from "../../lib/protocol/server-message.ts";

/** A real socket to a server. It sends what a test tells it to, and keeps what it receives. */
export class RawSocket {
  readonly socket: WebSocket;
  /** The messages that were received, as text. */
  readonly texts: string[] = [];
  /** Resolves when the socket is closed. */
  readonly closed: Promise<{ code: number; reason: string }>;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => this.texts.push(data.toString()));
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  /** @param host Such as `127.0.0.1:45123`. */
  static async open(host: string): Promise<RawSocket> {
    const raw = new RawSocket(new WebSocket(`ws://${host}/api/sync`));
    await once(raw.socket, "open");
    return raw;
  }

  /** Sends Connect, under a client id of this number. */
  connect(number: number): this {
    return this.say({ type: "Connect", protocol: 4, clientId: number.toString(16).padStart(32, "0") });
  }

  say(message: ClientMessage): this {
    this.socket.send(JSON.stringify(message));
    return this;
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /** The text of the first message of a type; undefined if none has come. */
  heard(type: string): string | undefined {
    return this.textsOf(type)[0];
  }

  textsOf(type: string): string[] {
    return this.texts.filter((text) => (JSON.parse(text) as ServerMessage).type === type);
  }

  /** The texts that move its queries. */
  get transitions(): string[] {
    return this.texts.filter((text) => /^{"type":"(Transition|Patch)"/.test(text));
  }

  /** Resolves once `found` is true, or the socket is closed. `found` is asked again after each message. */
  async until(found: () => boolean): Promise<void> {
    while (this.isOpen && !found()) {
      await new Promise<void>((resolve) => {
        this.socket.once("message", () => resolve());
        void this.closed.then(() => resolve());
      });
    }
  }
}
