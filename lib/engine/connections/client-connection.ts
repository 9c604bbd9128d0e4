import type { Caller } from "../../auth/caller.ts";
import type { Connect, Subscribe } from "../../protocol/client-message.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import type { Frame, SocketLike } from "../../protocol/socket.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";
import type { EngineLimits } from "../run/limits.ts";
import type { ReadMessage } from "../sockets/message-reader.ts";
import { SocketLine, type SocketLineParts, type SocketLinePort } from "../sockets/socket-line.ts";
import type { SocketWriter } from "../sockets/socket-writer.ts";
import { ClientView, type ClientViewParts, type ViewPort } from "../views/client-view.ts";
import type { ConnectedFrames } from "../views/transition-frames.ts";
import type { AnswerKeeper } from "./answer-budget.ts";
import { ConnectionActions, type ConnectionActionsParts, type ConnectionActionsPort } from "./connection-actions.ts";
import {
  ConnectionMutations,
  type ConnectionMutationsParts,
  type ConnectionMutationsPort,
} from "./connection-mutations.ts";
import { Departure, type DeparturePort } from "./departure.ts";
import { subscribeWithinLimits } from "./subscribe-within-limits.ts";

export interface ClientConnectionParts
  extends ClientViewParts,
    SocketLineParts,
    ConnectionMutationsParts,
    ConnectionActionsParts {
  readonly limits: EngineLimits;
  readonly connected: ConnectedFrames;
  /** What a page is told when it connects, beside the answers. */
  keptNotice(): string | undefined;
  /** This connection has something to send at the next revision, or something to look up. */
  wake(connection: ClientConnection): void;
  ended(connection: ClientConnection): void;
}

const PONG: Frame = { text: '{"type":"Pong"}' };

/** What the parts of a connection need of it. */
type Ports = SocketLinePort & ViewPort & DeparturePort & ConnectionMutationsPort & ConnectionActionsPort & AnswerKeeper;

/**
 * One connected client: takes its messages apart and hands each on.
 *
 * Not here: its socket (see `SocketLine`), what it watches and is sent (see `ClientView`), the calls that it makes (see
 * `ConnectionMutations` and `ConnectionActions`), how it leaves a server that stops (see `Departure`).
 */
export class ClientConnection implements Ports {
  readonly line: SocketLine;
  readonly view: ClientView;
  readonly #caller: Caller;
  readonly #parts: ClientConnectionParts;
  readonly #writer: SocketWriter;
  readonly #departure: Departure;
  readonly #actions: ConnectionActions;
  /** Undefined until `Connect`. */
  #mutations: ConnectionMutations | undefined;

  /** @param address Of the client, if it is one that can be trusted. */
  constructor(parts: ClientConnectionParts, socket: SocketLike, caller: Caller, address: string | undefined) {
    this.#parts = parts;
    this.#caller = caller;
    // As there is one for every socket, it is the port of its parts itself.
    this.line = new SocketLine(parts, socket, this);
    this.#writer = this.line.writer;
    this.view = new ClientView(parts, this, caller);
    this.#departure = new Departure(this);
    this.#actions = new ConnectionActions(parts, caller, address, this.#writer, this);
  }

  get clientId(): string | undefined {
    return this.#mutations?.clientId;
  }

  // ── messages in ──

  receive({ message, weight }: ReadMessage): void {
    if (this.#departure.refuses(message)) return;
    if (message.type === "Connect") return this.#connect(message);
    if (!this.#mutations) return this.close(CloseCode.badMessage, `Expected Connect first. Found ${message.type}.`);
    switch (message.type) {
      case "Subscribe":
        return this.#subscribe(message);
      case "Unsubscribe":
        for (const query of message.queries) this.view.unsubscribe(query);
        // A query that it has just left may have kept its transition back, and nothing else would look at it again.
        return this.#parts.wake(this);
      case "Mutate":
        return this.#mutations.submit(message, weight);
      case "Act":
        void this.#actions.run(message, weight);
        return;
      case "Ping":
        return this.#writer.send(PONG);
      case "Pong":
        return;
      default:
        message satisfies never;
    }
  }

  #connect(message: Connect): void {
    const { protocol, undecided } = message;
    const { connected, keptNotice } = this.#parts;
    if (this.#mutations) return this.close(CloseCode.badMessage, "Connect may be sent once.");
    if (protocol !== PROTOCOL_VERSION) {
      const versions = `This server speaks version ${PROTOCOL_VERSION}, the client ${protocol}`;
      return this.close(CloseCode.unsupportedVersion, `${versions}: load the page again.`);
    }
    this.line.connected();
    const mutations = new ConnectionMutations(this.#parts, message, this.#caller, this.#writer, this);
    this.#mutations = mutations;
    this.#writer.send(connected.of(this.#caller.fingerprint));
    const kept = keptNotice();
    if (kept !== undefined) this.notice(kept);
    if (undecided && undecided.length > 0 && !mutations.areForeign) this.view.askFor(undecided);
  }

  #subscribe(message: Subscribe): void {
    const violation = subscribeWithinLimits(this.view, message, this.#parts.limits);
    if (violation) return this.close(violation.code, violation.reason);
    this.#parts.wake(this);
  }

  // ── for its parts ──

  keptWeight(): number {
    return this.#actions.weight + (this.#mutations?.pendingWeight ?? 0);
  }

  /** Does something run for the client whose outcome it has not been told? */
  isBusy(): boolean {
    return this.#actions.isRunning || this.#mutations?.isRunning === true;
  }

  leave(): void {
    this.close(CloseCode.serviceRestart, "The server restarts.");
  }

  actionTold(): void {
    this.#departure.leaveIfTurnedAway();
    this.line.progressed();
  }

  mutationTold(): void {
    // No mutation is begun after it for a client that is turned away: what waited is forgotten.
    this.#departure.leaveIfTurnedAway(this.#actions.isRunning);
  }

  callEnded(): void {
    this.line.progressed();
  }

  wake(): void {
    this.#parts.wake(this);
  }

  retry(): void {
    if (this.#writer.canSend()) this.#parts.wake(this);
  }

  isReading(): boolean {
    return this.#writer.isReading();
  }

  canSend(): boolean {
    return this.#writer.canSend();
  }

  send(frame: Frame): void {
    this.#writer.send(frame);
  }

  answerShare(): number {
    return this.view.answerShare;
  }

  notice(message: string): void {
    this.#writer.say({ type: "Notice", message });
  }

  // ── the end ──

  /**
   * Tells the client to leave and when to come back, in milliseconds. What runs for it is finished; what waits is
   * forgotten, as on a lost socket, and so is what it asks for from now on.
   */
  drain(returnAfterMs: number): void {
    this.view.releaseReplies();
    this.#departure.drain();
    this.#writer.say({ type: "Draining", returnAfterMs });
    if (this.#mutations?.forgetWaiting()) this.#departure.turnAway();
  }

  failed(error: unknown): void {
    this.line.failed(error);
  }

  close(code: number, reason: string): void {
    this.line.close(code, reason);
  }

  ended(): void {
    // First: whatever fails below, it is not served any more.
    this.#parts.ended(this);
    this.view.close();
    this.#mutations?.detach();
    this.#actions.close();
  }
}
