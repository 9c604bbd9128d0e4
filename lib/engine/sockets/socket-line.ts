import { CloseCode } from "../../protocol/close-codes.ts";
import type { Frame, SocketEvents, SocketLike } from "../../protocol/socket.ts";
import { closeReason } from "./close-reason.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Intake, type IntakeParts } from "./intake.ts";
import { MessageReader, ProtocolViolation, type ReadMessage } from "./message-reader.ts";
import type { SharedTimers } from "./shared-timers.ts";
import { SocketWriter, type SocketWriterParts } from "./socket-writer.ts";

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
export class SocketLine implements SocketEvents {
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
    const failed = (error: unknown) => this.fail(error);
    const close = (code: number, reason: string) => this.close(code, reason);
    this.writer = new SocketWriter(parts, socket, {
      failed,
      retry: () => port.retry(),
      tooSlow: () => this.close(CloseCode.tooSlow, "The client reads too slowly."),
    });
    this.#heartbeat = new Heartbeat(environment, limits, timers, {
      ...{ failed, close },
      ping: () => this.writer.send(PING),
      isHeld: () => this.#intake.isHeld,
    });
    this.#intake = new Intake(parts, socket, {
      ...{ failed, close },
      take: (text) => this.#take(text),
      keptWeight: () => port.keptWeight(),
    });
  }

  message(text: string): void {
    if (!this.#isClosed) this.#intake.message(text);
  }

  /** @returns what the message weighs. */
  #take(text: string): number {
    const read = this.#reader.read(text, this.#heartbeat.heard());
    if (read instanceof ProtocolViolation) {
      this.close(read.code, read.reason);
      return 0;
    }
    try {
      this.#port.receive(read);
    } catch (error) {
      this.fail(error);
    }
    return read.weight;
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
  fail(error: unknown): void {
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
