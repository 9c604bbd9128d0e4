import type { Environment } from "../../environment/environment.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import type { EngineLimits } from "../run/limits.ts";
import type { SharedTimer, SharedTimers, TimerTarget } from "./shared-timers.ts";

export interface HeartbeatPort {
  ping(): void;
  close(code: number, reason: string): void;
  /** Is the client not heard now, so that its silence says nothing? */
  isHeld(): boolean;
  /** The client could not be looked at. */
  failed(error: unknown): void;
}

/**
 * Closes a connection that does not send `Connect` in time, or that is silent for too long. No client is closed for
 * silence before it was sent a ping: after a jump of the machine's clock, or a long sleep of it, all seem to have been
 * silent.
 */
export class Heartbeat implements TimerTarget {
  readonly #environment: Environment;
  readonly #limits: EngineLimits;
  readonly #timers: SharedTimers;
  readonly #port: HeartbeatPort;
  #lastHeard: number;
  #isConnected = false;
  /** A ping was sent, and nothing was heard since. */
  #isPinged = false;
  #isClosed = false;
  #timer: SharedTimer;

  constructor(environment: Environment, limits: EngineLimits, timers: SharedTimers, port: HeartbeatPort) {
    this.#environment = environment;
    this.#limits = limits;
    this.#timers = timers;
    this.#port = port;
    this.#lastHeard = environment.now();
    this.#timer = timers.after(limits.handshakeTimeoutMs, this);
  }

  /** The client has sent something. @returns when, in milliseconds since 1970. */
  heard(): number {
    this.#lastHeard = this.#environment.now();
    this.#isPinged = false;
    return this.#lastHeard;
  }

  /** The client has sent `Connect`. */
  connected(): void {
    this.#isConnected = true;
  }

  onDue(): void {
    try {
      this.#look();
    } catch (error) {
      this.#port.failed(error);
    }
  }

  #look(): void {
    const { handshakeTimeoutMs, pingIntervalMs, silenceTimeoutMs } = this.#limits;
    if (!this.#isConnected) {
      return this.#port.close(CloseCode.handshakeTimeout, `Expected Connect within ${handshakeTimeoutMs} ms.`);
    }
    if (this.#isPinged && this.#port.isHeld()) this.heard();
    if (this.#isPinged) return this.#port.close(CloseCode.silent, `Nothing heard for ${silenceTimeoutMs} ms.`);
    const silent = Math.max(0, this.#environment.now() - this.#lastHeard);
    this.#isPinged = silent >= pingIntervalMs;
    if (this.#isPinged) this.#port.ping();
    // The ping may have failed, and its failure has closed the connection.
    if (this.#isClosed) return;
    const wait = this.#isPinged ? silenceTimeoutMs - pingIntervalMs : pingIntervalMs - silent;
    this.#timer = this.#timers.after(wait, this);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer.delete(this);
  }
}
