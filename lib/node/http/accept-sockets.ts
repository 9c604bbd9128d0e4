import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { askIdentity, type Identified, type Identify } from "../../auth/identify.ts";
import { NodeRequest } from "../../auth/identify-request.ts";
import type { Engine } from "../../engine/engine.ts";
import { type Environment, type Log, machineEnvironment } from "../../environment/environment.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import type { Frame, SocketEvents, SocketLike } from "../../protocol/socket.ts";
import { ownAddress } from "../admission/client-address.ts";
import { OriginCheck, type OriginRules } from "../admission/origin.ts";
import { Slots } from "../admission/slots.ts";
import { bytesOf, JoinedFrames } from "./websocket-frame.ts";

/** The path of the URL to which clients open their socket. */
export const SYNC_PATH = "/api/sync";

/** What `acceptSockets` takes. */
export interface AcceptSocketsOptions extends OriginRules {
  /** Receives the accepted sockets. Its `limits.frameBytes` bounds the messages that a client may send. */
  engine: Pick<Engine, "opened" | "queryFresh" | "limits">;
  /** Decides who is calling; called once for each socket, at the upgrade. */
  identify: Identify;
  /** Receives what `identify` throws, and the origins that are refused. */
  log: Log;
  /**
   * How many sockets may be open at the same time; further ones are answered with 503.
   * @default 10_000
   */
  sockets?: number;
  /**
   * How many sockets one client address may have open at the same time; further ones are answered with 429. An IPv6
   * address counts by its first 64 bits. Only an address that a trusted proxy has told, or that is public, is counted.
   * @default 200
   */
  socketsPerAddress?: number;
  /**
   * Time and timers, for tests.
   * @default the machine's.
   */
  clock?: Pick<Environment, "now" | "after">;
}

/** The default of `AcceptSocketsOptions.sockets`. */
export const MOST_SOCKETS = 10_000;
/** The default of `AcceptSocketsOptions.socketsPerAddress`. */
export const MOST_SOCKETS_PER_ADDRESS = 200;

/** A message may come in so many frames. Clients of this protocol send one; each costs memory until the last is there. */
export const MOST_FRAGMENTS = 64;

const { OPEN } = WebSocket;

/** Milliseconds that a client has to answer the server's close frame, and to read what was sent before it. */
export const CLOSE_TIME = 5_000;

/** The WebSockets of a server. */
export interface Sockets {
  /**
   * Answers an upgrade request to `/api/sync`: with a socket that the engine serves, or with a refusal. Never throws.
   * @param request The request of Node's `upgrade` event.
   * @param connection Its connection, which belongs to `Sockets` from now on.
   * @param head What the client sent after the request.
   */
  accept(request: IncomingMessage, connection: Duplex, head: Buffer): void;
  /** Refuses new sockets from now on, with 503. Open ones stay open. */
  drain(): void;
  /** Closes all open sockets with the code 1012, upon which clients reconnect. */
  close(): void;
  /** How many sockets are open. */
  readonly count: number;
}

/**
 * Makes the endpoint of the WebSockets: it checks the origin, asks `identify` who is calling, once for each socket and
 * before there is one, and hands the accepted socket to the engine.
 * @returns the endpoint; pass it to `HttpServer.open`, which calls `accept` for each upgrade to `/api/sync`.
 * @example
 * const sockets = acceptSockets({ engine, identify, log, trustProxy: settings.trustProxy });
 */
export function acceptSockets(options: AcceptSocketsOptions): Sockets {
  const { engine, sockets = MOST_SOCKETS, socketsPerAddress = MOST_SOCKETS_PER_ADDRESS, log } = options;
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: engine.limits.frameBytes,
    maxFragments: MOST_FRAGMENTS,
  });
  const clock = options.clock ?? machineEnvironment(log);
  const origins = new OriginCheck(options, log, clock);
  const slots = new Slots(sockets, socketsPerAddress);
  const writer: Writer = { joined: new JoinedFrames(), deferred: new DeferredWrites(), clock };
  let draining = false;

  function accept(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    if (!origins.allows(request)) return refuse(connection, 403, "This origin may not connect.");
    if (draining) return refuseForNow(connection);
    const address = ownAddress(request, options.trustProxy);
    const slot = slots.take(address);
    if (slot === "addressFull") return refuse(connection, 429, "Too many sockets of this address.", RETRY_AFTER);
    if (slot === "full") return refuseForNow(connection);
    // Also when it is refused below, or breaks while `identify` runs.
    connection.once("close", slot);
    const identified = askIdentity(options, new NodeRequest(request));
    const known = (caller: Identified) => upgrade(caller, address, request, connection, head);
    if (identified instanceof Promise) void openLater(identified, connection, known);
    else known(identified);
  }

  async function openLater(
    identified: Promise<Identified>,
    connection: Duplex,
    known: (caller: Identified) => void,
  ): Promise<void> {
    // Without a listener, a connection that breaks while `identify` runs would end the process.
    const broken = () => connection.destroy();
    connection.on("error", broken);
    const caller = await identified;
    connection.off("error", broken);
    known(caller);
  }

  function upgrade(
    identified: Identified,
    address: string | undefined,
    request: IncomingMessage,
    connection: Duplex,
    head: Buffer,
  ): void {
    if (!identified.ok) return refuse(connection, 500, `The server failed (incident ${identified.error.incident}).`);
    // Draining may have begun while `identify` ran.
    if (draining) return refuseForNow(connection);
    connection.cork();
    writer.deferred.add({ flush: () => connection.uncork() });
    server.handleUpgrade(request, connection, head, (socket) => {
      const events = engine.opened(new AcceptedSocket(socket, connection, writer), identified.value, { address });
      listen(socket, events);
    });
  }

  function listen(socket: WebSocket, events: SocketEvents): void {
    socket.on("message", (data, isBinary) => {
      if (isBinary) hangUp(socket, clock, CloseCode.badMessage, "Expected text. Found a binary message.");
      else events.message(data.toString());
    });
    socket.on("close", () => events.closed());
    // A frame that is too large, or no frame at all: `ws` has sent a close frame, and passes on no further message.
    socket.on("error", () => {
      events.closed();
      endInTime(socket, clock);
    });
  }

  return {
    accept,
    drain() {
      draining = true;
    },
    close() {
      for (const socket of server.clients) hangUp(socket, clock, CloseCode.serviceRestart, "The server restarts.");
    },
    get count() {
      return server.clients.size;
    },
  };
}

/** What all sockets of a server share to write. */
interface Writer {
  readonly joined: JoinedFrames;
  readonly deferred: DeferredWrites;
  readonly clock: Timers;
}

/**
 * Writes frames to the connection directly instead of through `ws`: their bytes are built once for all sockets, where
 * `ws` would build a header for each socket. The order is kept, because `ws` writes its own frames (pongs, the close
 * frame) at once: it queues frames only for compression, which is off. For the same reason the unsent bytes are exactly
 * those that the connection holds, and the frames that are held here.
 *
 * Frames are held until the end of the event loop's turn (see `DeferredWrites`). What is sent to one socket in a turn, such
 * as the outcome of a mutation and the transition with its writes, leaves in one write.
 *
 * A small class, because there is one instance for each socket, and a frame for all sockets visits all of them.
 */
class AcceptedSocket implements SocketLike, DeferredWrite {
  readonly #socket: WebSocket;
  readonly #connection: Duplex;
  readonly #writer: Writer;
  #held: Frame | undefined;
  /** All that are held, if there is more than one. */
  #heldList: Frame[] | undefined;
  #heldLength = 0;

  constructor(socket: WebSocket, connection: Duplex, writer: Writer) {
    this.#socket = socket;
    this.#connection = connection;
    this.#writer = writer;
  }

  send(frame: Frame): void {
    if (this.#socket.readyState !== OPEN) return;
    this.#heldLength += frame.text.length;
    if (this.#heldList) this.#heldList.push(frame);
    else if (this.#held) this.#heldList = [this.#held, frame];
    else {
      this.#held = frame;
      this.#writer.deferred.add(this);
    }
  }

  flush(): void {
    const first = this.#held;
    const list = this.#heldList;
    this.#held = undefined;
    this.#heldList = undefined;
    this.#heldLength = 0;
    if (first === undefined || this.#socket.readyState !== OPEN) return;
    try {
      this.#connection.write(list ? this.#writer.joined.of(list) : bytesOf(first));
    } catch (error) {
      // The engine does not call this, so it cannot handle the error; and the same loop flushes other sockets.
      this.#connection.destroy(error as Error);
    }
  }

  get bufferedAmount(): number {
    return this.#heldLength + this.#connection.writableLength;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(code: number, reason: string): void {
    this.flush();
    hangUp(this.#socket, this.#writer.clock, code, reason);
  }
}

/** A write that waits for the end of the turn. */
interface DeferredWrite {
  flush(): void;
}

/**
 * Makes all writes one after another, after all input of this turn of the event loop has been handled. Between other work
 * each write would cost more, because it wakes the process that reads it.
 */
class DeferredWrites {
  #due: DeferredWrite[] = [];

  add(write: DeferredWrite): void {
    if (this.#due.push(write) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const due = this.#due;
    this.#due = [];
    for (const write of due) write.flush();
  }
}

type Timers = Pick<Environment, "after">;

function hangUp(socket: WebSocket, clock: Timers, code: number, reason: string): void {
  endInTime(socket, clock);
  socket.close(code, reason);
}

/** Ends the connection of a client that does not answer the server's close frame. */
function endInTime(socket: WebSocket, clock: Timers): void {
  socket.once(
    "close",
    clock.after(CLOSE_TIME, () => socket.terminate()),
  );
}

const RETRY_AFTER = { "Retry-After": "5" };

function refuseForNow(connection: Duplex): void {
  refuse(connection, 503, "Come back in a moment.", RETRY_AFTER);
}

/** Answers an upgrade with a plain HTTP response and ends the connection. */
export function refuse(connection: Duplex, status: number, reason: string, headers: Record<string, string> = {}): void {
  const body = `${reason}\n`;
  const lines = Object.entries({
    Connection: "close",
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  // Node has removed its own error listener: without one, a client that disconnects first would end the process.
  connection.on("error", ignore);
  connection.once("finish", () => connection.destroy());
  connection.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`);
}

function ignore(): void {}
