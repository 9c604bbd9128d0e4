import type { Caller } from "../../auth/caller.ts";
import type { Environment } from "../../environment/environment.ts";
import type { Connect, Subscribe } from "../../protocol/client-message.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import type { Frame, SocketEvents, SocketLike } from "../../protocol/socket.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";
import type { EngineLimits } from "../run/limits.ts";
import { closeReason } from "../sockets/close-reason.ts";
import { Heartbeat } from "../sockets/heartbeat.ts";
import { Intake, type IntakeParts } from "../sockets/intake.ts";
import { MessageReader, ProtocolViolation, type ReadMessage } from "../sockets/message-reader.ts";
import type { SharedTimers } from "../sockets/shared-timers.ts";
import { SocketWriter } from "../sockets/socket-writer.ts";
import { ClientView, type ClientViewParts } from "../views/client-view.ts";
import type { ConnectedFrames } from "../views/transition-frames.ts";
import type { AnswerKeeper } from "./answer-budget.ts";
import { ConnectionActions, type ConnectionActionsParts } from "./connection-actions.ts";
import { ConnectionMutations, type ConnectionMutationsParts } from "./connection-mutations.ts";
import { Departure } from "./departure.ts";
import { subscribeWithinLimits } from "./subscribe-within-limits.ts";

export interface ClientConnectionParts
  extends ClientViewParts,
    IntakeParts,
    ConnectionMutationsParts,
    ConnectionActionsParts {
  readonly environment: Environment;
  readonly limits: EngineLimits;
  readonly timers: SharedTimers;
  readonly connected: ConnectedFrames;
  readonly counters: { sends: number };
  /** What a page is told when it connects, beside the answers. */
  keptNotice(): string | undefined;
  /** This connection has something to send at the next revision, or something to look up. */
  wake(connection: ClientConnection): void;
  ended(connection: ClientConnection): void;
}

const PING: Frame = { text: '{"type":"Ping"}' };
const PONG: Frame = { text: '{"type":"Pong"}' };

/**
 * One connected socket: takes the client's messages apart and hands each on.
 *
 * Not here: what the client watches and is sent (see `ClientView`), the calls that it makes (see
 * `ConnectionMutations` and `ConnectionActions`), how it leaves a server that stops (see `Departure`).
 */
export class ClientConnection implements SocketEvents, AnswerKeeper {
  readonly view: ClientView;
  readonly #caller: Caller;
  readonly #socket: SocketLike;
  readonly #parts: ClientConnectionParts;
  readonly #reader: MessageReader;
  readonly #writer: SocketWriter;
  readonly #heartbeat: Heartbeat;
  readonly #intake: Intake;
  readonly #departure: Departure;
  readonly #actions: ConnectionActions;
  /** Undefined until `Connect`. */
  #mutations: ConnectionMutations | undefined;
  #closed = false;

  /** @param address Of the client, if it is one that can be trusted. */
  constructor(parts: ClientConnectionParts, socket: SocketLike, caller: Caller, address: string | undefined) {
    const { environment, limits, timers } = parts;
    this.#parts = parts;
    this.#socket = socket;
    this.#caller = caller;
    this.#reader = new MessageReader(limits);
    const failed = (error: unknown) => this.fail(error);
    const wake = () => parts.wake(this);
    this.#writer = new SocketWriter(parts, socket, { failed, retry: wake, tooSlow: () => this.#closeSlowReader() });
    this.view = new ClientView(
      parts,
      {
        ...{ failed, wake },
        canSend: () => this.#writer.canSend(),
        send: (frame) => this.#writer.send(frame),
        notice: (message) => this.notice(message),
      },
      caller,
    );
    this.#departure = new Departure({
      isBusy: () => this.#actions.isRunning || this.#mutations?.isRunning === true,
      leave: () => this.close(CloseCode.serviceRestart, "The server restarts."),
    });
    this.#actions = new ConnectionActions(parts, caller, address, this.#writer, () => {
      this.#departure.leaveIfTurnedAway();
      this.#intake.progressed();
    });
    this.#heartbeat = new Heartbeat(environment, limits, timers, {
      ping: () => this.#writer.send(PING),
      close: (code, reason) => this.close(code, reason),
      isHeld: () => this.#intake.isHeld,
      failed,
    });
    this.#intake = new Intake(parts, socket, {
      take: (text) => this.#take(text),
      keptWeight: () => this.#actions.weight + (this.#mutations?.pendingWeight ?? 0),
      failed,
      close: (code, reason) => this.close(code, reason),
    });
  }

  get clientId(): string | undefined {
    return this.#mutations?.clientId;
  }

  // ── messages in ──

  message(text: string): void {
    if (this.#closed) return;
    this.#intake.message(text);
  }

  /** @returns what the message weighs. */
  #take(text: string): number {
    const read = this.#reader.read(text, this.#heartbeat.heard());
    if (read instanceof ProtocolViolation) {
      this.close(read.code, read.reason);
      return 0;
    }
    try {
      this.#receive(read);
    } catch (error) {
      this.fail(error);
    }
    return read.weight;
  }

  #receive({ message, weight }: ReadMessage): void {
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
    this.#heartbeat.connected();
    const mutations = new ConnectionMutations(this.#parts, message, this.#caller, this.#writer, {
      arrived: (request) => this.view.arrived(request),
      failed: (request) => this.view.failed(request),
      succeeded: (request, reply) => this.view.succeeded(request, reply),
      committed: (request, revision) => this.view.committed(request, revision),
      // No mutation is begun after it for a client that is turned away: what waited is forgotten.
      told: () => this.#departure.leaveIfTurnedAway(this.#actions.isRunning),
      ended: () => this.#intake.progressed(),
      close: (code, reason) => this.close(code, reason),
    });
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

  #closeSlowReader(): void {
    this.close(CloseCode.tooSlow, "The client reads too slowly.");
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
    if (this.#closed) return;
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
    if (this.#closed) return;
    this.#closed = true;
    // First: whatever fails below, it is not served any more.
    this.#parts.ended(this);
    this.#heartbeat.close();
    this.#intake.close();
    this.#writer.close();
    this.view.close();
    this.#mutations?.detach();
    this.#actions.close();
  }
}
