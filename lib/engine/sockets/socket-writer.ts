import type { Cancel, Environment } from "../../environment/environment.ts";
import { encodeMessage } from "../../protocol/encode.ts";
import type { ServerMessage } from "../../protocol/server-message.ts";
import type { Frame, SocketLike } from "../../protocol/socket.ts";
import type { EngineLimits } from "../run/limits.ts";
import { Backpressure } from "./backpressure.ts";

/** How soon it is looked again whether a slow client has read, in milliseconds. */
const LOOK_AGAIN_MS = 50;

export interface SocketWriterPort {
  /** The client reads too slowly to be kept. */
  tooSlow(): void;
  /** The client may have read: try again what could not be sent. */
  retry(): void;
  /** The socket has failed. */
  failed(error: unknown): void;
}

export interface SocketWriterParts {
  readonly environment: Environment;
  readonly limits: EngineLimits;
  readonly counters: { sends: number };
}

/** Writes to one socket, no faster than the client reads. */
export class SocketWriter {
  readonly #parts: SocketWriterParts;
  readonly #socket: SocketLike;
  readonly #port: SocketWriterPort;
  readonly #backpressure: Backpressure;
  #cancelRetry: Cancel | undefined;
  #closed = false;

  constructor(parts: SocketWriterParts, socket: SocketLike, port: SocketWriterPort) {
    this.#parts = parts;
    this.#socket = socket;
    this.#port = port;
    this.#backpressure = new Backpressure(parts.limits);
  }

  /** May a state be sent now? What a slow client misses is made up for by the state of the time it has read. */
  canSend(): boolean {
    if (this.#closed) return false;
    const { environment } = this.#parts;
    const { bufferedAmount } = this.#socket;
    if (this.#backpressure.keepsUp(bufferedAmount)) return true;
    const isStuck = this.#backpressure.isStuck(bufferedAmount, environment.now());
    if (this.#backpressure.isOverwhelmed(bufferedAmount) || isStuck) this.#port.tooSlow();
    else this.#lookAgain();
    return false;
  }

  /** Has the client read enough to be sent more? If not, it is looked at again by itself: what it needs is not made before. */
  isReading(): boolean {
    if (this.#socket.bufferedAmount <= this.#parts.limits.pauseAboveBytes) return true;
    if (!this.#closed) this.#lookAgain();
    return false;
  }

  #lookAgain(): void {
    this.#cancelRetry ??= this.#parts.environment.after(LOOK_AGAIN_MS, () => {
      this.#cancelRetry = undefined;
      this.#port.retry();
    });
  }

  say(message: ServerMessage): void {
    this.reply(encodeMessage(message));
  }

  /** Sends what cannot wait until the client has read, unless it has far too much to read already. */
  reply(text: string): void {
    const { bufferedAmount } = this.#socket;
    if (!this.#backpressure.keepsUp(bufferedAmount) && this.#backpressure.isOverwhelmed(bufferedAmount)) {
      this.#port.tooSlow();
    } else this.send({ text });
  }

  send(frame: Frame): void {
    if (this.#closed) return;
    this.#backpressure.sent(frame.text);
    this.#parts.counters.sends++;
    try {
      this.#socket.send(frame);
    } catch (error) {
      this.#port.failed(error);
    }
  }

  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
  }
}
