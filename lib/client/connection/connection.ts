import type { Cancel, Environment } from "../../environment/environment.ts";
import type { ClientMessage } from "../../protocol/client-message.ts";
import { afterClose, NORMAL, SILENT } from "../../protocol/close-codes.ts";
import type { Limits } from "../../protocol/server-message.ts";
import { backoff, HIDDEN_CAP, PROVEN_AFTER, VISIBLE_CAP } from "./backoff.ts";
import type { BrowserTab } from "./browser-tab.ts";
import type { ClientSocket } from "./client-socket.ts";
import { type ConnectionEvent, type ConnectionPhase, next } from "./connection-state.ts";

/** How long a socket may take from the attempt to `Connected`. Milliseconds. */
const CONNECT_TIME = 10_000;
/** How long the server may take to show life after the user or the network has returned. Milliseconds. */
const PROBE_TIME = 5_000;
/** The same after the browser has lost the network: the page is to say so soon. Milliseconds. */
const OFFLINE_PROBE_TIME = 700;

/** The limits until a server has stated its own. Those that are left out are read only after `Connected`. */
export const USUAL_LIMITS = { subscriptions: 256, messagesPerSecond: 50, frameBytes: 1024 * 1024 } as Limits;

/** What a connection needs of its client. */
export interface ConnectionPorts {
  /** Makes a socket. May throw. */
  openSocket(): ClientSocket;
  /** The socket is open: send `Connect`, then what is due. */
  opened(): void;
  message(text: string): void;
  /** The socket is lost: what was sent on it and has no answer must be sent again. */
  lost(): void;
  /** The phase has changed. */
  changed(): void;
  /** The server accepts this client never again. */
  refused(reason: string): void;
}

/** Opens one socket after another, as the state machine `next` decides. Of the messages it knows the heartbeat only. */
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

  /** May messages be sent? True once the socket is open, before `Connected` has arrived. */
  get canSend(): boolean {
    return this.#isSocketOpen && this.returnAfterMs === undefined;
  }

  /** Connects, unless it does already. @throws when no socket can be made: the client was constructed wrongly. */
  want(): void {
    if (this.phase.state !== "idle") return;
    const socket = this.#ports.openSocket();
    this.#stopListening = this.#tab.watchNetwork(
      () => {
        if (this.phase.state === "waiting") this.renew();
        this.#probe(PROBE_TIME);
      },
      () => this.#probe(OFFLINE_PROBE_TIME),
    );
    this.#move({ type: "wanted" });
    this.#listen(socket);
  }

  send(message: ClientMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  /** `Connected` has arrived. */
  connected(limits: Limits): void {
    this.limits = limits;
    this.#move({ type: "connected" });
    this.#watchSilence();
  }

  synced(): void {
    this.#syncedAt ||= this.#environment.now();
  }

  /** Opens a new socket at once; closes the present one, or ends the wait for one. */
  renew(): void {
    if (this.phase.state === "idle" || this.phase.state === "stopped") return;
    this.#drop(NORMAL);
    this.#move({ type: "renewed" });
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

  /** Closes the socket until the connection is wanted again (`rested`), or for ever (`stopped`). */
  end(type: "rested" | "stopped"): void {
    this.#stopListening();
    this.#drop(NORMAL);
    this.#move({ type });
  }

  #move(event: ConnectionEvent): void {
    const from = this.phase;
    this.phase = next(from, event);
    if (this.phase !== from) this.#ports.changed();
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
        this.#ports.opened();
      }),
    );
    socket.addEventListener("error", () => {}); // "close" follows
    socket.addEventListener("message", ({ data }) =>
      ifOurs(() => {
        this.#heardAt = this.#environment.now();
        this.#ports.message(String(data));
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
    this.#socket = undefined;
    this.#isSocketOpen = false;
    this.returnAfterMs = undefined;
    if (socket === undefined) return;
    socket.close(code);
    this.#ports.lost();
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
    this.#move({ type: "lost", retryAt: now + wait });
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
