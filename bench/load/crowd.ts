import { now } from "../clock.ts";
import type { Server } from "../server-process.ts";
import { LoadSocket } from "./load-socket.ts";

/** Handshakes at the same time: more would overflow the kernel's queue, and be sent again after a second. */
const AT_ONCE = 100;

/** The subscribers of one server. Their deliveries are counted together. */
export class Crowd {
  readonly #server: Server;
  readonly #sockets: LoadSocket[] = [];
  #heard = 0;
  #awaited = Number.POSITIVE_INFINITY;
  #arrived: (at: number) => void = () => {};
  /** The last delivery to any subscriber, as text. */
  #last = "";

  constructor(server: Server) {
    this.#server = server;
  }

  get size(): number {
    return this.#sockets.length;
  }

  /** The subscribers, in the order in which they asked. */
  get sockets(): readonly LoadSocket[] {
    return this.#sockets;
  }

  /** The last delivery that was counted by `deliveries`. */
  get last(): string {
    return this.#last;
  }

  /** Bytes of all frames that the server sent. */
  get bytesDown(): number {
    return this.#sockets.reduce((sum, { traffic }) => sum + traffic.down, 0);
  }

  /** Called with each delivery. */
  onDelivery: ((payload: Buffer, socket: LoadSocket) => void) | undefined;

  /** Connects subscribers until there are `size`. Resolves when each has its first result. */
  async growTo(size: number, channelOf: (i: number) => string): Promise<void> {
    const { speech, port } = this.#server;
    const first = this.size;
    const delivered = this.deliveries(size - first);
    for (let i = first; i < size; i += AT_ONCE) {
      const group = Array.from({ length: Math.min(AT_ONCE, size - i) }, async (_, k) => {
        const socket = await LoadSocket.open({ port, path: speech.path }, this.#hear);
        socket.say(...speech.subscribe(channelOf(i + k)));
        this.#sockets.push(socket);
      });
      await Promise.all(group);
    }
    await delivered;
  }

  /** Resolves when `count` more deliveries have arrived, with the time of the last one. */
  deliveries(count: number): Promise<number> {
    this.#heard = 0;
    this.#awaited = count;
    return new Promise((resolve) => {
      this.#arrived = resolve;
    });
  }

  readonly #hear = (payload: Buffer, socket: LoadSocket): void => {
    const kind = this.#server.speech.kindOf(payload);
    if (kind === "ping") socket.say(this.#server.speech.pong);
    if (kind !== "delivery") return;
    this.onDelivery?.(payload, socket);
    if (++this.#heard < this.#awaited) return;
    const at = now();
    this.#last = payload.toString();
    this.#arrived(at);
  };

  /** Breaks every connection. Resolves when the server has noticed. */
  async leave(): Promise<void> {
    const others = (await this.#server.socketCount()) - this.size;
    for (const socket of this.#sockets.splice(0)) socket.cut();
    while ((await this.#server.socketCount()) > others) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
