import type { ClientSocket, WebSocketConstructor } from "../client/connection/client-socket.ts";
import type { Environment } from "../environment/environment.ts";
import type { ClientMessage } from "../protocol/client-message.ts";
import { clientMessage } from "../protocol/client-message.ts";
import { type ServerMessage, serverMessage } from "../protocol/server-message.ts";
import type { Frame, SocketEvents, SocketLike } from "../protocol/socket.ts";

/** What one end said, and when. */
export type Said =
  | { from: "client"; at: number; message: ClientMessage }
  | { from: "server"; at: number; message: ServerMessage };

/** What serves the other end: `engine.opened`, or a script. */
export type Accept = (socket: SocketLike, pair: SocketPair) => SocketEvents;

/** RFC 6455 §7.1.5: the code of a connection that broke without a word. */
const BROKEN = 1006;

/**
 * A client's socket and the server's end of it, without a network between them. Messages arrive in order, later than
 * they were said: in another microtask, or `latency` milliseconds of the environment's time. Each is parsed by the
 * schema of its direction, so that no test can say what the protocol does not know.
 */
export class SocketPair {
  /** Everything said, in order, whether or not it arrived. */
  readonly said: Said[] = [];
  readonly client: ClientEnd;
  /** Milliseconds that whatever is said from now on takes. */
  latency: number;
  /** While true nothing arrives and nobody is told: the network is gone but the sockets do not know yet. */
  isStalled = false;
  /** With which code the client heard that it is over; undefined while it is not. */
  closedWith: number | undefined;
  readonly #environment: Environment;
  readonly #accept: Accept;
  #events: SocketEvents | undefined;
  #isOver = false;

  constructor(environment: Environment, accept: Accept, latency = 0) {
    this.#environment = environment;
    this.#accept = accept;
    this.latency = latency;
    this.client = new ClientEnd(this);
    this.#later(() => this.#open());
  }

  get saidByClient(): ClientMessage[] {
    return this.said.flatMap((said) => (said.from === "client" ? [said.message] : []));
  }

  get saidByServer(): ServerMessage[] {
    return this.said.flatMap((said) => (said.from === "server" ? [said.message] : []));
  }

  get isOpen(): boolean {
    return this.#events !== undefined && !this.#isOver;
  }

  /** Breaks the connection: both ends hear of it, nothing under way arrives. */
  cut(): void {
    this.#end(BROKEN, "", "both");
  }

  /** The client's words, on their way to the server. */
  toServer(text: string): void {
    this.said.push({ from: "client", at: this.#environment.now(), message: clientMessage.parse(JSON.parse(text)) });
    this.#later(() => this.#events?.message(text));
  }

  closeFromClient(): void {
    this.#end(BROKEN, "", "server");
  }

  #open(): void {
    const server: SocketLike = {
      bufferedAmount: 0,
      send: (frame) => this.#toClient(frame),
      close: (code, reason) => this.#later(() => this.#end(code, reason, "client")),
    };
    this.#events = this.#accept(server, this);
    if (!this.#isOver) this.client.emit("open", undefined);
  }

  #toClient({ text }: Frame): void {
    this.said.push({ from: "server", at: this.#environment.now(), message: serverMessage.parse(JSON.parse(text)) });
    this.#later(() => this.client.emit("message", { data: text }));
  }

  #end(code: number, reason: string, hears: "client" | "server" | "both"): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.closedWith = code;
    if (hears !== "client") this.#events?.closed();
    if (hears !== "server") this.client.emit("close", { code, reason });
  }

  #later(task: () => void): void {
    const arrive = () => {
      if (!this.#isOver && !this.isStalled) task();
    };
    if (this.latency === 0) queueMicrotask(arrive);
    else this.#environment.after(this.latency, arrive);
  }
}

type Listener = (event: never) => void;

/** The client's end: as much of a WebSocket as a client asks for. */
class ClientEnd implements ClientSocket {
  readonly #pair: SocketPair;
  readonly #listeners = new Map<string, Listener[]>();

  constructor(pair: SocketPair) {
    this.#pair = pair;
  }

  send(text: string): void {
    this.#pair.toServer(text);
  }

  close(code = 1000): void {
    // As a browser's WebSocket does.
    if (code !== 1000 && (code < 3000 || code > 4999)) throw new Error(`A client may not close with ${code}.`);
    this.#pair.closeFromClient();
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  emit(type: string, event: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }
}

/** A place where sockets come from: give `webSocketConstructor` to a client. */
export class SocketNetwork {
  /** Every connection that was tried, oldest first. */
  readonly pairs: SocketPair[] = [];
  /** While false no new socket opens. */
  isUp = true;
  latency = 0;
  readonly webSocketConstructor: WebSocketConstructor;
  /** The second argument of the last `new WebSocket(url, …)`, and its url. */
  lastOpened: { url: string; options: unknown } | undefined;

  constructor(environment: Environment, accept: Accept) {
    const open = (url: string, options: unknown): ClientSocket => {
      this.lastOpened = { url, options };
      const pair = new SocketPair(environment, accept, this.latency);
      this.pairs.push(pair);
      if (!this.isUp) pair.isStalled = true;
      if (!this.isUp) queueMicrotask(() => pair.cut());
      return pair.client;
    };
    this.webSocketConstructor = class {
      constructor(url: string, options?: unknown) {
        // biome-ignore lint/correctness/noConstructorReturn: a constructor is what a client expects, a pair what a test needs
        return open(url, options) as never;
      }
    } as WebSocketConstructor;
  }

  /** The newest connection. */
  get last(): SocketPair {
    const last = this.pairs.at(-1);
    if (last === undefined) throw new Error("Nobody has connected yet.");
    return last;
  }

  /** Breaks whatever is open. */
  cut(): void {
    for (const pair of this.pairs) pair.cut();
  }
}
