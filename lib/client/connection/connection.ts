import type { Cancel, Environment } from "../../environment/environment.ts";
import type { ClientMessage, Connect } from "../../protocol/client-message.ts";
import { afterClose, NORMAL, RESYNC, SILENT } from "../../protocol/close-codes.ts";
import type { Limits, ServerMessage } from "../../protocol/server-message.ts";
import { TokenBucket } from "../../protocol/token-bucket.ts";
import { backoff, HIDDEN_CAP, PROVEN_AFTER, VISIBLE_CAP } from "./backoff.ts";
import type { BrowserTab } from "./browser-tab.ts";
import type { ClientSocket } from "./client-socket.ts";
import { type ConnectionPhase, next } from "./connection-state.ts";
import { CONNECT_TIME, OFFLINE_PROBE_TIME, PROBE_TIME } from "./times.ts";

/** The limits until a server has stated its own. Those that are left out are read only after `Connected`. */
export const USUAL_LIMITS = { subscriptions: 256, messagesPerSecond: 50, frameBytes: 1024 * 1024 } as Limits;

/** What a connection needs of its client. */
export interface ConnectionPorts {
  /** Makes a socket. May throw. */
  openSocket(): ClientSocket;
  /** The first message on a socket. */
  connectMessage(): Connect;
  /** The next message that is due. */
  next(): ClientMessage | undefined;
  /** No more can be sent now. */
  flushed(): void;
  /** A message has arrived. May throw: the client resyncs, which is to connect again from what it has. */
  message(message: ServerMessage): void;
  /** The socket is lost: what was sent on it and has no answer must be sent again. */
  lost(): void;
  /** The server accepts this client never again. */
  refused(reason: string): void;
}

/**
 * Opens one socket after another, as the state machine `next` decides, and sends what is due as fast as the server allows.
 * Of the messages it knows the heartbeat only.
 */
export class Connection {
  /** The present state. Only `#move` changes it. */
  phase: ConnectionPhase = { state: "idle" };
  /** As stated by the server that was connected last. */
  limits = USUAL_LIMITS;
  /** Who the caller is, as the last `Connected` said; null for an anonymous one. Undefined before the first. */
  identity: string | null | undefined;
  /** When the server has told the client to come back; set from `Draining` until the socket is closed. */
  returnAfterMs: number | undefined;
  readonly #environment: Environment;
  readonly #tab: BrowserTab;
  readonly #ports: ConnectionPorts;
  #socket: ClientSocket | undefined;
  #isSocketOpen = false;
  #heardAt = 0;
  /**
   * How many sockets in a row have failed. One fails until it has synced, so that a server which accepts and then closes
   * is not asked in a tight loop; and after a code that brings the client back at once, until it has been synced for
   * `PROVEN_AFTER`.
   */
  #failed = 0;
  /** When the client first synced since its last socket was lost; 0 if it has not. Milliseconds since 1970. */
  #syncedAt = 0;
  #cancelTimer: Cancel = () => {};
  /** What may be sent on the present socket. */
  #rate = new TokenBucket();
  #cancelSending: Cancel = () => {};
  #isScheduled = false;
  #stopListening: Cancel = () => {};

  constructor(environment: Environment, tab: BrowserTab, ports: ConnectionPorts) {
    this.#environment = environment;
    this.#tab = tab;
    this.#ports = ports;
  }

  /** Has `Connected` arrived on the present socket? */
  get isOpen(): boolean {
    return this.phase.state === "open";
  }

  /** Connects, unless it does already. @throws when no socket can be made: the client was constructed wrongly. */
  want(): void {
    this.schedule();
    if (this.phase.state !== "idle") return;
    const socket = this.#ports.openSocket();
    this.#stopListening = this.#tab.watchNetwork(
      () => {
        if (this.phase.state === "waiting") this.renew();
        this.#probe(PROBE_TIME);
      },
      () => this.#probe(OFFLINE_PROBE_TIME),
    );
    this.#move({ state: "connecting" });
    this.#listen(socket);
  }

  send(message: ClientMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  /** Something may be due. What is requested in one tick is sent together. */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#sendDue();
    });
  }

  /** `Connected` has arrived. */
  connected(limits: Limits): void {
    this.limits = limits;
    this.#move({ state: "open" });
    this.#watchSilence();
  }

  synced(): void {
    this.#syncedAt ||= this.#environment.now();
  }

  /** Opens a new socket at once; closes the present one, or ends the wait for one. */
  renew(): void {
    if (["idle", "stopped"].includes(this.phase.state)) return;
    this.#drop(NORMAL);
    this.#move({ state: "connecting" });
    try {
      this.#listen(this.#ports.openSocket());
    } catch (error) {
      this.#environment.log.error(`No socket could be opened: ${error}`, { error });
      this.#wait(NORMAL);
    }
  }

  /**
   * Closes this socket, unless it is closed already, and comes back as `afterClose` or the server says.
   * @param ownCode What the socket is closed with: a browser throws on a code of the RFC other than 1000.
   */
  leave(code: number, ownCode = code): void {
    if (this.#socket === undefined) return;
    const { returnAfterMs } = this;
    this.#drop(ownCode);
    this.#wait(code, returnAfterMs);
  }

  /** Closes the socket until the connection is wanted again (`idle`), or for ever (`stopped`). */
  end(state: "idle" | "stopped"): void {
    this.#stopListening();
    this.#drop(NORMAL);
    this.#move({ state });
  }

  #move(to: ConnectionPhase): void {
    const from = this.phase;
    this.phase = next(from, to);
    if (this.phase !== from) this.schedule();
  }

  /** Events of a socket are ignored once it is not the present one. */
  #listen(socket: ClientSocket): void {
    this.#socket = socket;
    this.#heardAt = this.#environment.now();
    this.#watchSilence();
    const ifOurs = (task: () => void) => {
      if (socket === this.#socket) task();
    };
    socket.addEventListener("open", () =>
      ifOurs(() => {
        this.#isSocketOpen = true;
        this.#rate = new TokenBucket();
        this.send(this.#ports.connectMessage());
        this.#sendDue();
      }),
    );
    socket.addEventListener("error", () => {}); // "close" follows
    socket.addEventListener("message", ({ data }) =>
      ifOurs(() => {
        this.#heardAt = this.#environment.now();
        try {
          this.#ports.message(JSON.parse(String(data)) as ServerMessage);
        } catch (error) {
          this.#environment.log.error(`The client resyncs: ${error}`, { error });
          this.leave(RESYNC);
        }
        this.schedule();
      }),
    );
    socket.addEventListener("close", ({ code, reason }) =>
      ifOurs(() => {
        if (afterClose(code) === "stop") this.#ports.refused(reason);
        else this.leave(code, NORMAL);
      }),
    );
  }

  /** Closes the socket, unless it is closed already, and drops it. */
  #drop(code: number): void {
    const socket = this.#socket;
    this.#cancelTimer();
    this.#cancelSending();
    this.#socket = undefined;
    this.#isSocketOpen = false;
    this.returnAfterMs = undefined;
    if (socket === undefined) return;
    socket.close(code);
    this.#ports.lost();
  }

  /** Sends what is due, once the socket is open; what the rate does not allow now is sent by a timer. */
  #sendDue(): void {
    this.#cancelSending();
    while (this.#isSocketOpen && this.returnAfterMs === undefined) {
      const { messagesPerSecond } = this.limits;
      const wait = this.#rate.wait(this.#environment.now(), messagesPerSecond, messagesPerSecond);
      if (wait > 0) {
        this.#cancelSending = this.#environment.after(wait, () => this.#sendDue());
        break;
      }
      const message = this.#ports.next();
      if (message === undefined) break;
      this.#rate.take();
      this.send(message);
    }
    this.#ports.flushed();
  }

  /** @param returnAfterMs Set if the server has said when to come back. */
  #wait(code: number, returnAfterMs?: number): void {
    const now = this.#environment.now();
    const cap = this.#tab.isVisible() ? VISIBLE_CAP : HIDDEN_CAP;
    // A server that closes before `Connected` may do so to every client.
    const isAtOnce = this.isOpen && afterClose(code) === "now";
    if (this.#syncedAt && (!isAtOnce || now - this.#syncedAt >= PROVEN_AFTER)) this.#failed = 0;
    this.#syncedAt = 0;
    const jitter = isAtOnce && this.#failed === 0 ? 0 : this.#environment.random();
    const wait = returnAfterMs ?? backoff(this.#failed++, jitter, cap);
    this.#move({ state: "waiting", retryAt: now + wait });
    if (this.phase.state === "waiting") this.#after(wait, () => this.renew());
  }

  /** The connection may have died: the server must show life within this time, sooner than otherwise. */
  #probe(ms: number): void {
    if (!this.isOpen) return;
    const heardAt = this.#environment.now() - this.limits.silenceTimeoutMs + ms;
    if (heardAt >= this.#heardAt) return;
    this.#heardAt = heardAt;
    this.#watchSilence();
  }

  /**
   * Sends `Ping` when the server has been silent for half the time between its own heartbeat and `silenceTimeoutMs`, and
   * leaves when it has been silent for all of it.
   */
  #watchSilence(): void {
    const { isOpen } = this;
    const silenceTimeoutMs = isOpen ? this.limits.silenceTimeoutMs : CONNECT_TIME;
    const askAfter = isOpen ? (this.limits.pingIntervalMs + silenceTimeoutMs) / 2 : CONNECT_TIME;
    const silent = this.#environment.now() - this.#heardAt;
    if (silent >= silenceTimeoutMs) return this.leave(SILENT);
    if (silent >= askAfter) this.send({ type: "Ping" });
    this.#after((silent >= askAfter ? silenceTimeoutMs : askAfter) - silent, () => this.#watchSilence());
  }

  #after(ms: number, task: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#environment.after(ms, task);
  }
}
