import type { Cancel, Environment } from "../../environment/environment.ts";
import type { ClientMessage } from "../../protocol/client-message.ts";
import { afterClose, NORMAL, SILENT } from "../../protocol/close-codes.ts";
import type { Limits } from "../../protocol/server-message.ts";
import { backoff, HIDDEN_CAP, PROVEN_AFTER, VISIBLE_CAP } from "./backoff.ts";
import type { BrowserTab } from "./browser-tab.ts";
import type { ClientSocket } from "./client-socket.ts";
import { type ConnectionEvent, type ConnectionPhase, next } from "./connection-state.ts";

/** How long a socket may take from the attempt to `Connected`, and an answer to "are you there?" after a return. */
const CONNECT_TIME = 10_000;
const PROBE_TIME = 5_000;

/** The limits until a server has stated its own. Those that are left out are read only after `Connected`. */
export const USUAL_LIMITS = { subscriptions: 256, messagesPerSecond: 50, frameBytes: 1024 * 1024 } as Limits;

/** What a connection asks of the client around it. */
export interface ConnectionPorts {
  /** Makes a socket; may throw. */
  openSocket(): ClientSocket;
  /** The socket is open: say `Connect`, and whatever is due. */
  opened(): void;
  message(text: string): void;
  /** What was said on this connection and not answered has to be said again. */
  lost(): void;
  /** The phase is another now. */
  changed(): void;
  /** The server will never have us again. */
  refused(reason: string): void;
}

/** Drives one socket after another by `next`. Knows no message but the heartbeat. */
export class Connection {
  /** Where we are. Replaced by `#move`, by nothing else. */
  phase: ConnectionPhase = { state: "idle" };
  /** As the last server has stated them. */
  limits = USUAL_LIMITS;
  /** When the server told us to come back, from `Draining` until the socket is gone. */
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

  /** May something be said? True from the moment the socket is open, before `Connected` has arrived. */
  get canSend(): boolean {
    return this.#isSocketOpen && this.returnAfterMs === undefined;
  }

  /** Connects unless it already does. @throws when no socket can be made at all: a mistake in how the client was made. */
  want(): void {
    if (this.phase.state !== "idle") return;
    const socket = this.#ports.openSocket();
    this.#stopListening = this.#tab.onReturn(() => this.#probe());
    this.#move({ type: "wanted" });
    this.#listen(socket);
  }

  send(message: ClientMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  /** The server has said `Connected`. */
  connected(limits: Limits): void {
    this.limits = limits;
    this.#move({ type: "connected" });
    this.#watchSilence();
  }

  synced(): void {
    this.#syncedAt ||= this.#environment.now();
  }

  /** Opens another socket at once, in place of this one or of the wait for one. */
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

  /** Closes until the connection is wanted again (`rested`), or for good (`stopped`). */
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

  /** A socket that is no longer ours may say what it wants. */
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

  /** Closes the socket, unless it is closed already, and forgets it. */
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
    const isAtOnce = this.phase.state === "open" && afterClose(code) === "now";
    if (this.#syncedAt && (!isAtOnce || now - this.#syncedAt >= PROVEN_AFTER)) this.#failed = 0;
    this.#syncedAt = 0;
    const jitter = isAtOnce && this.#failed === 0 ? 0 : this.#environment.random();
    const wait = returnAfterMs ?? backoff(this.#failed++, jitter, cap);
    this.#move({ type: "lost", retryAt: now + wait });
    if (this.phase.state === "waiting") this.#after(wait, () => this.renew());
  }

  /** Somebody came back: does the connection still live? If so, it has to show it sooner than usual. */
  #probe(): void {
    if (this.phase.state === "waiting") this.renew();
    if (this.phase.state !== "open") return;
    const heardAt = this.#environment.now() - this.limits.silenceTimeoutMs + PROBE_TIME;
    if (heardAt >= this.#heardAt) return;
    this.#heardAt = heardAt;
    this.#watchSilence();
  }

  /** Asks after half the silence that the server allows beyond its own heartbeat; gives up after all of it. */
  #watchSilence(): void {
    const isOpen = this.phase.state === "open";
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
