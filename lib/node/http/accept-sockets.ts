import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { askIdentity, type Identified, type Identify, NodeRequest } from "../../auth/identify.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Log } from "../../environment/environment.ts";
import type { Identity } from "../../functions/context.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import type { Frame, SocketLike } from "../../protocol/socket.ts";
import { type OriginRules, originAllowed } from "./origin.ts";
import { FrameBytes } from "./websocket-frame.ts";

/** Where clients open their socket. */
export const SYNC_PATH = "/api/sync";

export interface AcceptSocketsOptions extends OriginRules {
  engine: Pick<Engine, "opened" | "limits">;
  identify: Identify;
  log: Log;
  /** Sockets at once; beyond it, 503. Default: `MOST_SOCKETS`. */
  sockets?: number;
}

export const MOST_SOCKETS = 10_000;

const { OPEN } = WebSocket;

/** Milliseconds a client has to answer our close, and to read what was sent before it. */
const CLOSE_TIME = 5_000;

export interface Sockets {
  /** Takes over the connection of an upgrade to `SYNC_PATH`; never throws. */
  accept(request: IncomingMessage, connection: Duplex, head: Buffer): void;
  /** Refuses new sockets from now on. */
  drain(): void;
  /** Closes those that are left. */
  close(): void;
  readonly count: number;
}

/** Hands accepted WebSockets to the engine. Who is calling is decided here, once, before there is a socket. */
export function acceptSockets(options: AcceptSocketsOptions): Sockets {
  const { engine, sockets: most = MOST_SOCKETS } = options;
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: engine.limits.frameBytes,
  });
  const writer: Writer = { frames: new FrameBytes(), deferred: new DeferredWrites() };
  let opening = 0;
  let draining = false;

  function accept(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    if (!originAllowed(request, options)) return refuse(connection, 403, "This origin may not connect.");
    if (draining || server.clients.size + opening >= most) return refuseForNow(connection);
    const identified = askIdentity(options, new NodeRequest(request));
    if (identified instanceof Promise) void openLater(identified, request, connection, head);
    else upgrade(identified, request, connection, head);
  }

  async function openLater(
    identified: Promise<Identified>,
    request: IncomingMessage,
    connection: Duplex,
    head: Buffer,
  ): Promise<void> {
    // A connection that breaks while we ask who it is must not end the process.
    const broken = () => connection.destroy();
    connection.on("error", broken);
    opening++;
    const known = await identified;
    opening--;
    connection.off("error", broken);
    upgrade(known, request, connection, head);
  }

  function upgrade(identified: Identified, request: IncomingMessage, connection: Duplex, head: Buffer): void {
    if (!identified.ok) return refuse(connection, 500, `The server failed (incident ${identified.error.incident}).`);
    // It may have come to that while somebody was asked who this is.
    if (draining) return refuseForNow(connection);
    connection.cork();
    writer.deferred.add({ greet: () => connection.uncork() });
    server.handleUpgrade(request, connection, head, (socket) => open(socket, connection, identified.value));
  }

  function open(socket: WebSocket, connection: Duplex, identity: Identity | null): void {
    const events = engine.opened(new AcceptedSocket(socket, connection, writer), identity);
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

/** What all sockets write with. */
interface Writer {
  readonly frames: FrameBytes;
  readonly deferred: DeferredWrites;
}

/**
 * Writes frames to the connection itself, past `ws`: their bytes are built once for all sockets, where `ws` would build
 * a header for each. Order is kept, since `ws` writes through at once what it sends itself (pongs, our close): it only
 * ever queues for compression, which is off. For the same reason nothing is unsent but what the connection holds.
 *
 * A client asks with its first words, and often the answers are known: greeting and answers then leave in one write.
 *
 * A class, and a small one: there is one for every socket, and all are gone through for each frame that goes to all.
 */
class AcceptedSocket implements SocketLike, DeferredWrite {
  readonly #socket: WebSocket;
  readonly #connection: Duplex;
  readonly #writer: Writer;
  /** What is said first, until the step in which it is said is over. Undefined from then on. */
  #greeting: Frame[] | undefined = [];

  constructor(socket: WebSocket, connection: Duplex, writer: Writer) {
    this.#socket = socket;
    this.#connection = connection;
    this.#writer = writer;
  }

  send(frame: Frame): void {
    if (this.#socket.readyState !== OPEN) return;
    if (this.#greeting === undefined) this.#connection.write(this.#writer.frames.of(frame));
    else if (this.#greeting.push(frame) === 1) this.#writer.deferred.add(this);
  }

  /** Writes what was held back, and from now on everything at once. */
  greet(): void {
    const greeting = this.#greeting;
    this.#greeting = undefined;
    if (greeting === undefined || greeting.length === 0 || this.#socket.readyState !== OPEN) return;
    try {
      this.#connection.write(this.#writer.frames.joined(greeting));
    } catch (error) {
      // The engine is not there to hear of it, and others are greeted by the same loop.
      this.#connection.destroy(error as Error);
    }
  }

  get bufferedAmount(): number {
    const held = this.#greeting?.reduce((length, { text }) => length + text.length, 0) ?? 0;
    return held + this.#connection.writableLength;
  }

  close(code: number, reason: string): void {
    this.greet();
    hangUp(this.#socket, code, reason);
  }
}

/** Something to write to somebody who has just come. */
interface DeferredWrite {
  greet(): void;
}

/**
 * Greets those who arrive together one after another, once everything that has arrived by now has been looked at and all
 * that follows from it has been done: between other work each write would cost more, as it wakes its reader.
 */
class DeferredWrites {
  #due: DeferredWrite[] = [];

  add(greeting: DeferredWrite): void {
    if (this.#due.push(greeting) === 1) setImmediate(() => this.#greet());
  }

  #greet(): void {
    const due = this.#due;
    this.#due = [];
    for (const greeting of due) greeting.greet();
  }
}

function hangUp(socket: WebSocket, code: number, reason: string): void {
  const givenUp = setTimeout(() => socket.terminate(), CLOSE_TIME);
  socket.once("close", () => clearTimeout(givenUp));
  socket.close(code, reason);
}

function refuseForNow(connection: Duplex): void {
  refuse(connection, 503, "Come back in a moment.", { "Retry-After": "5" });
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
  // Node listens to it no longer: a caller that hangs up first must not end the process.
  connection.on("error", ignore);
  connection.once("finish", () => connection.destroy());
  connection.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`);
}

function ignore(): void {}
