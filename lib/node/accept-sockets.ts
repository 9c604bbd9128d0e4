import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import type { Engine } from "../engine/engine.ts";
import type { Log } from "../environment/environment.ts";
import type { Identity } from "../functions/context.ts";
import type { Frame, SocketLike } from "../protocol/socket.ts";
import { CloseCode } from "../protocol/version.ts";
import { askIdentity, type Identify, NodeRequest } from "./identify.ts";
import { type OriginRules, originAllowed } from "./origin.ts";
import { FrameBytes } from "./websocket-frame.ts";

/** Where clients open their socket. */
export const SYNC_PATH = "/api/sync";

export interface AcceptSocketsOptions extends OriginRules {
  engine: Pick<Engine, "opened" | "limits">;
  identify: Identify;
  log: Log;
  /** Sockets at once; beyond it, 503. */
  sockets?: number;
}

const { OPEN } = WebSocket;

/** Milliseconds a client has to answer our close, and to read what was sent before it. */
const CLOSE_TIME = 5_000;

export interface Sockets {
  /** Takes over the connection of an upgrade to `SYNC_PATH`; never throws. */
  accept(request: IncomingMessage, connection: Duplex, head: Buffer): Promise<void>;
  /** Refuses new sockets from now on. */
  drain(): void;
  /** Closes those that are left. */
  close(): void;
  readonly count: number;
}

/** Hands accepted WebSockets to the engine. Who is calling is decided here, once, before there is a socket. */
export function acceptSockets(options: AcceptSocketsOptions): Sockets {
  const { engine, sockets: most = 10_000 } = options;
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: engine.limits.frameBytes,
  });
  const frames = new FrameBytes();
  let opening = 0;
  let draining = false;

  async function accept(request: IncomingMessage, connection: Duplex, head: Buffer): Promise<void> {
    // A connection that breaks while we ask who it is must not end the process.
    const broken = () => connection.destroy();
    connection.on("error", broken);
    if (!originAllowed(request, options)) return refuse(connection, 403, "This origin may not connect.");
    if (draining || server.clients.size + opening >= most) {
      return refuse(connection, 503, "Come back in a moment.", { "Retry-After": "5" });
    }
    opening++;
    const identified = await askIdentity(options, new NodeRequest(request));
    opening--;
    if (!identified.ok) return refuse(connection, 500, `The server failed (incident ${identified.error.incident}).`);
    connection.off("error", broken);
    server.handleUpgrade(request, connection, head, (socket) => open(socket, connection, identified.value));
  }

  function open(socket: WebSocket, connection: Duplex, identity: Identity | null): void {
    const events = engine.opened(new AcceptedSocket(socket, connection, frames), identity);
    socket.on("message", (data, isBinary) => {
      if (isBinary) hangUp(socket, CloseCode.badMessage, "Expected text. Found a binary message.");
      else events.message(data.toString());
    });
    socket.on("close", () => events.closed());
    // `ws` closes it after any of these (a frame that is too large or no frame at all, a reset connection).
    socket.on("error", ignore);
  }

  return {
    accept,
    drain() {
      draining = true;
    },
    close() {
      for (const socket of server.clients) hangUp(socket, CloseCode.serviceRestart, "The server restarts.");
    },
    get count() {
      return server.clients.size;
    },
  };
}

/**
 * Writes frames to the connection itself, past `ws`: their bytes are built once for all sockets, where `ws` would build
 * a header for each. Order is kept, since `ws` writes through at once what it sends itself (pongs, our close): it only
 * ever queues for compression, which is off. For the same reason nothing is unsent but what the connection holds.
 *
 * A class, and a small one: there is one for every socket, and all are gone through for each frame that goes to all.
 */
class AcceptedSocket implements SocketLike {
  readonly #socket: WebSocket;
  readonly #connection: Duplex;
  readonly #frames: FrameBytes;
  #greeted = false;

  constructor(socket: WebSocket, connection: Duplex, frames: FrameBytes) {
    this.#socket = socket;
    this.#connection = connection;
    this.#frames = frames;
  }

  send(frame: Frame): void {
    if (this.#socket.readyState !== OPEN) return;
    if (!this.#greeted) this.#holdFirst();
    this.#connection.write(this.#frames.of(frame));
  }

  /** A client asks with its first words, and often the answers are known: greeting and answers then leave in one write. */
  #holdFirst(): void {
    this.#greeted = true;
    this.#connection.cork();
    // After everything that is done in this step, promises included.
    queueMicrotask(() => process.nextTick(() => this.#connection.uncork()));
  }

  get bufferedAmount(): number {
    return this.#connection.writableLength;
  }

  close(code: number, reason: string): void {
    hangUp(this.#socket, code, reason);
  }
}

function hangUp(socket: WebSocket, code: number, reason: string): void {
  const givenUp = setTimeout(() => socket.terminate(), CLOSE_TIME);
  socket.once("close", () => clearTimeout(givenUp));
  socket.close(code, reason);
}

/** Answers an upgrade with a plain response and hangs up. */
export function refuse(connection: Duplex, status: number, reason: string, headers: Record<string, string> = {}): void {
  const body = `${reason}\n`;
  const lines = Object.entries({
    Connection: "close",
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  connection.once("finish", () => connection.destroy());
  connection.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`);
}

function ignore(): void {}
