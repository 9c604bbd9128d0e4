import type { ClientSocket, WebSocketConstructor } from "../client/connection/client-socket.ts";
import type { Environment } from "../environment/environment.ts";
import type { ClientMessage } from "../protocol/client-message.ts";
import { clientMessage } from "../protocol/client-message.ts";
import { type ServerMessage, serverMessage } from "../protocol/server-message.ts";
import type { Frame, SocketEvents, SocketLike } from "../protocol/socket.ts";

/** A message that one end sent, with the time in milliseconds. */
export type Said =
  | { from: "client"; at: number; message: ClientMessage }
  | { from: "server"; at: number; message: ServerMessage };

/** Serves the server's end: `engine.opened`, or a script. */
export type Accept = (socket: SocketLike, pair: SocketPair) => SocketEvents;

/** The close code of a connection that broke without a close frame (RFC 6455 §7.1.5). */
const BROKEN = 1006;

/**
 * A client's socket and the server's end of it, without a network between them. Messages arrive in order, in a later
 * microtask or `latency` milliseconds of the environment's time later. Each is parsed by the schema of its direction, so
 * that no test can send a message that the protocol does not have.
 */
export class SocketPair {
  /** All messages that were sent, in order, whether or not they arrived. */
  readonly said: Said[] = [];
  readonly client: ClientEnd;
  /** Milliseconds until a message arrives that is sent from now on. */
  latency: number;
  /** While true nothing arrives and neither end is notified: the network is gone, but the sockets have not noticed. */
  isStalled = false;
  /** The code of the client's `close` event; undefined before it. */
  closedWith: number | undefined;
  readonly #environment: Environment;
  readonly #accept: Accept;
  #events: SocketEvents | undefined;
  #isOver = false;
  /** Does the server not read now? What has arrived meanwhile is `#unread`. */
  #isPaused = false;
  readonly #unread: string[] = [];

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

  /** Breaks the connection: both ends get their close event, and messages under way are lost. */
  cut(): void {
    this.#end(BROKEN, "", "both");
  }

  /** Sends a message of the client to the server. */
  toServer(text: string): void {
    this.said.push({ from: "client", at: this.#environment.now(), message: clientMessage.parse(JSON.parse(text)) });
    this.#later(() => {
      if (this.#isPaused) this.#unread.push(text);
      else this.#events?.message(text);
    });
  }

  closeFromClient(): void {
    this.#end(BROKEN, "", "server");
  }

  #open(): void {
    const server: SocketLike = {
      bufferedAmount: 0,
      send: (frame) => this.#toClient(frame),
      pause: () => {
        this.#isPaused = true;
      },
      resume: () => {
        this.#isPaused = false;
        while (this.#unread.length > 0 && !this.#isPaused) this.#events?.message(this.#unread.shift() as string);
      },
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

/** The client's end: the part of a WebSocket that a client uses. */
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

/** Makes the sockets of clients: pass `webSocketConstructor` to a client. */
export class SocketNetwork {
  /** All attempts to connect, oldest first. */
  readonly pairs: SocketPair[] = [];
  /** While false, new sockets fail to open. */
  isUp = true;
  /** The `latency` of new pairs, in milliseconds. */
  latency = 0;
  readonly webSocketConstructor: WebSocketConstructor;
  /** The arguments of the last `new WebSocket(url, options)`. */
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
        // biome-ignore lint/correctness/noConstructorReturn: the client needs a constructor, and the socket must belong to a pair
        return open(url, options) as never;
      }
    } as WebSocketConstructor;
  }

  /** The newest attempt to connect. */
  get last(): SocketPair {
    const last = this.pairs.at(-1);
    if (last === undefined) throw new Error("Expected a client that has connected. Found none.");
    return last;
  }

  /** Breaks all open connections. */
  cut(): void {
    for (const pair of this.pairs) pair.cut();
  }
}
