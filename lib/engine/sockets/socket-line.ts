import { CloseCode } from "../../protocol/close-codes.ts";
import type { Frame, SocketEvents, SocketLike } from "../../protocol/socket.ts";
import { closeReason } from "./close-reason.ts";
import { Heartbeat, type HeartbeatPort } from "./heartbeat.ts";
import { Intake, type IntakeParts, type IntakePort } from "./intake.ts";
import { MessageReader, ProtocolViolation, type ReadMessage } from "./message-reader.ts";
import type { SharedTimers } from "./shared-timers.ts";
import { SocketWriter, type SocketWriterParts, type SocketWriterPort } from "./socket-writer.ts";

export interface SocketLineParts extends IntakeParts, SocketWriterParts {
  readonly timers: SharedTimers;
}

/** The connection, as far as its socket needs it. */
export interface SocketLinePort {
  /** A message has arrived. */
  receive(read: ReadMessage): void;
  /** What the client's calls weigh that wait or run. */
  keptWeight(): number;
  /** The client may have read: try again what could not be sent. */
  retry(): void;
  /** The socket is gone, or given up. Called once. */
  ended(): void;
}

const PING: Frame = { text: '{"type":"Ping"}' };

/**
 * One socket, from its first message to its end: read no faster than its client may send, written no faster than it reads,
 * and closed when it is silent, breaks a rule or fails.
 *
 * Not here: what the messages ask for (see `ClientConnection`).
 */
export class SocketLine implements SocketEvents, SocketWriterPort, HeartbeatPort, IntakePort {
  readonly writer: SocketWriter;
  readonly #parts: SocketLineParts;
  readonly #socket: SocketLike;
  readonly #port: SocketLinePort;
  readonly #reader: MessageReader;
  readonly #heartbeat: Heartbeat;
  readonly #intake: Intake;
  #isClosed = false;

  constructor(parts: SocketLineParts, socket: SocketLike, port: SocketLinePort) {
    const { environment, limits, timers } = parts;
    this.#parts = parts;
    this.#socket = socket;
    this.#port = port;
    this.#reader = new MessageReader(limits);
    // There is one for every socket: it is the port of its parts itself, as closures for each would take more room.
    this.writer = new SocketWriter(parts, socket, this);
    this.#heartbeat = new Heartbeat(environment, limits, timers, this);
    this.#intake = new Intake(parts, socket, this);
  }

  message(text: string): void {
    if (!this.#isClosed) this.#intake.message(text);
  }

  take(text: string): number {
    const read = this.#reader.read(text, this.#heartbeat.heard());
    if (read instanceof ProtocolViolation) {
      this.close(read.code, read.reason);
      return 0;
    }
    try {
      this.#port.receive(read);
    } catch (error) {
      this.failed(error);
    }
    return read.weight;
  }

  keptWeight(): number {
    return this.#port.keptWeight();
  }

  isHeld(): boolean {
    return this.#intake.isHeld;
  }

  ping(): void {
    this.writer.send(PING);
  }

  retry(): void {
    this.#port.retry();
  }

  tooSlow(): void {
    this.close(CloseCode.tooSlow, "The client reads too slowly.");
  }

  /** The client has sent `Connect`. */
  connected(): void {
    this.#heartbeat.connected();
  }

  /** A call of the client has ended, and takes no room any more. */
  progressed(): void {
    this.#intake.progressed();
  }

  /**
   * What fails in serving this client ends with this client, as others are served by the same loop. It comes back, and
   * its tokens say what it has.
   */
  failed(error: unknown): void {
    this.#parts.environment.log.error("A client could not be served: its socket is closed", { error });
    this.close(CloseCode.internalError, "The server failed.");
  }

  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    try {
      this.closed();
    } catch (error) {
      this.#parts.environment.log.error("A connection could not be given up in order", { error });
    }
    try {
      this.#socket.close(code, closeReason(reason));
    } catch (error) {
      this.#parts.environment.log.error("A socket could not be closed", { error });
    }
  }

  /** The socket is gone. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#heartbeat.close();
    this.#intake.close();
    this.writer.close();
    this.#port.ended();
  }
}
