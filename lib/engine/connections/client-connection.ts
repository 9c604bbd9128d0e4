import type { Caller } from "../../auth/caller.ts";
import type { Environment } from "../../environment/environment.ts";
import type { Act, ClientMessage, Connect, Mutate, Subscribe } from "../../protocol/client-message.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import { encodeActionReply, encodeMutationReply } from "../../protocol/encode.ts";
import type { WireError } from "../../protocol/outcome.ts";
import type { Frame, SocketEvents, SocketLike } from "../../protocol/socket.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";
import type { Wire } from "../../values/wire.ts";
import type { ClientQueue, QueueListener } from "../client-records/client-queue.ts";
import type { ClientQueues } from "../client-records/client-queues.ts";
import type { EngineLimits } from "../run/limits.ts";
import { ClientView, type ClientViewParts } from "../views/client-view.ts";
import type { ConnectedFrames } from "../views/transition-frames.ts";
import { closeReason } from "./close-reason.ts";
import { Heartbeat } from "./heartbeat.ts";
import { MessageReader, ProtocolViolation } from "./message-reader.ts";
import type { SharedTimers } from "./shared-timers.ts";
import { SocketWriter } from "./socket-writer.ts";

export interface ClientConnectionParts extends ClientViewParts {
  readonly environment: Environment;
  readonly limits: EngineLimits;
  readonly timers: SharedTimers;
  readonly connected: ConnectedFrames;
  readonly clientQueues: ClientQueues;
  readonly counters: { sends: number };
  /** What a page is told when it connects, beside the answers. */
  keptNotice(): string | undefined;
  runAction(
    path: string,
    args: Record<string, Wire>,
    caller: Caller,
  ): Promise<{ ok: true; value: string } | { ok: false; error: WireError }>;
  /** This connection has something to send at the next revision, or something to look up. */
  wake(connection: ClientConnection): void;
  ended(connection: ClientConnection): void;
}

const PING: Frame = { text: '{"type":"Ping"}' };
const PONG: Frame = { text: '{"type":"Pong"}' };
/** The messages that begin something. */
const BEGINS: ReadonlySet<ClientMessage["type"]> = new Set(["Connect", "Subscribe", "Mutate", "Act"]);

/**
 * One connected socket: takes the client's messages apart and hands each on.
 *
 * Not here: what the client watches and is sent (see `ClientView`), how mutations are decided (see `ClientQueue`).
 */
export class ClientConnection implements QueueListener, SocketEvents {
  readonly view: ClientView;
  readonly #caller: Caller;
  readonly #socket: SocketLike;
  readonly #parts: ClientConnectionParts;
  readonly #reader: MessageReader;
  readonly #writer: SocketWriter;
  readonly #heartbeat: Heartbeat;
  /** Undefined until `Connect`. */
  #queue: ClientQueue | undefined;
  /**
   * Defined if the client id belongs to another identity than that of this socket: none of its mutations may run. The
   * numbers of those that it had sent before.
   */
  #foreign: ReadonlySet<number> | undefined;
  #runningActions = 0;
  /** The server stops soon: nothing that the client asks for from now on is begun. */
  #draining = false;
  /** The client has asked for something that was not begun: it has to ask another server. */
  #turnedAway = false;
  #closed = false;

  constructor(parts: ClientConnectionParts, socket: SocketLike, caller: Caller) {
    const { environment, limits, timers } = parts;
    this.#parts = parts;
    this.#socket = socket;
    this.#caller = caller;
    this.#reader = new MessageReader(limits);
    const failed = (error: unknown) => this.#fail(error);
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
    this.#heartbeat = new Heartbeat(environment, limits, timers, {
      ping: () => this.#writer.send(PING),
      close: (code, reason) => this.close(code, reason),
    });
  }

  get clientId(): string | undefined {
    return this.#queue?.id;
  }

  // ── messages in ──

  message(text: string): void {
    if (this.#closed) return;
    const message = this.#reader.read(text, this.#heartbeat.heard());
    if (message instanceof ProtocolViolation) return this.close(message.code, message.reason);
    try {
      this.#receive(message);
    } catch (error) {
      this.#fail(error);
    }
  }

  #receive(message: ClientMessage): void {
    if (this.#draining && BEGINS.has(message.type)) return this.#turnAway();
    if (message.type === "Connect") return this.#connect(message);
    if (!this.#queue) return this.close(CloseCode.badMessage, `Expected Connect first. Found ${message.type}.`);
    switch (message.type) {
      case "Subscribe":
        return this.#subscribe(message);
      case "Unsubscribe":
        for (const query of message.queries) this.view.unsubscribe(query);
        // A query that it has just left may have kept its transition back, and nothing else would look at it again.
        return this.#parts.wake(this);
      case "Mutate":
        return this.#mutate(this.#queue, message);
      case "Act":
        void this.#act(message);
        return;
      case "Ping":
        return this.#writer.send(PONG);
      case "Pong":
        return;
      default:
        message satisfies never;
    }
  }

  #connect({ protocol, clientId, identity, undecided }: Connect): void {
    const { clientQueues, connected, keptNotice } = this.#parts;
    if (this.#queue) return this.close(CloseCode.badMessage, "Connect may be sent once.");
    if (protocol !== PROTOCOL_VERSION) {
      const versions = `This server speaks version ${PROTOCOL_VERSION}, the client ${protocol}`;
      return this.close(CloseCode.unsupportedVersion, `${versions}: load the page again.`);
    }
    this.#heartbeat.connected();
    this.#queue = clientQueues.attach(clientId, this.#caller, this);
    if (identity !== undefined && identity !== this.#caller.fingerprint) this.#foreign = new Set(undecided);
    this.#writer.send(connected.of(this.#caller.fingerprint));
    const kept = keptNotice();
    if (kept !== undefined) this.notice(kept);
    if (undecided && undecided.length > 0 && !this.#foreign) this.view.askFor(undecided);
  }

  #subscribe({ queries }: Subscribe): void {
    const { limits } = this.#parts;
    if (this.view.size + queries.length > limits.subscriptions) {
      return this.close(CloseCode.tooMany, `A client may watch ${limits.subscriptions} queries at a time.`);
    }
    for (const { query, path, args, hash } of queries) {
      if (this.view.has(query)) return this.close(CloseCode.badMessage, `Query ${query} is in use.`);
      this.view.subscribe(query, path, args, hash);
      if (this.view.bytes > limits.keptArgsBytes) {
        const reason = `The arguments of a client's queries may take ${limits.keptArgsBytes} bytes together.`;
        return this.close(CloseCode.tooMany, reason);
      }
    }
    this.#parts.wake(this);
  }

  #mutate(queue: ClientQueue, { request, path, args, confirmedUpTo }: Mutate): void {
    const { limits } = this.#parts;
    if (this.#foreign) {
      const error: WireError = this.#foreign.has(request)
        ? { kind: "unavailable", reason: "outcomeUnknown", message: "It was sent under another identity." }
        : { kind: "unavailable", reason: "identityChanged", message: "Another identity is signed in. It was not run." };
      return this.#writer.say({ type: "MutationFailed", request, error });
    }
    if (queue.pending >= limits.queuedMutations) {
      return this.close(CloseCode.tooMany, `A client may have ${limits.queuedMutations} mutations waiting.`);
    }
    queue.submit({ number: request, path, args, confirmedUpTo });
  }

  async #act({ request, path, args }: Act): Promise<void> {
    const { limits } = this.#parts;
    if (this.#runningActions >= limits.runningActions) {
      const message = `A client may run ${limits.runningActions} actions at a time.`;
      const error: WireError = { kind: "unavailable", reason: "overloaded", message };
      return this.#writer.say({ type: "ActionFailed", request, error });
    }
    this.#runningActions++;
    const outcome = await this.#parts.runAction(path, args, this.#caller);
    this.#runningActions--;
    if (outcome.ok) this.#writer.reply(encodeActionReply(request, outcome.value));
    else this.#writer.say({ type: "ActionFailed", request, error: outcome.error });
    this.#leaveIfTurnedAway();
  }

  notice(message: string): void {
    this.#writer.say({ type: "Notice", message });
  }

  // ── outcomes of its mutations ──

  committed(request: number, revision: number): void {
    this.view.committed(request, revision);
  }

  decided(request: number, outcome: string): void {
    this.#writer.reply(encodeMutationReply(request, outcome));
    // None is begun after it: what waited is forgotten.
    this.#leaveIfTurnedAway(false);
  }

  takenOver(): void {
    this.close(CloseCode.clientIdTakenOver, "Another socket has taken over this client id.");
  }

  notRecorded(): void {
    this.close(CloseCode.serviceRestart, "The database cannot be reached.");
  }

  // ── the end ──

  /**
   * Tells the client to leave and when to come back, in milliseconds. What runs for it is finished; what waits is
   * forgotten, as on a lost socket, and so is what it asks for from now on.
   */
  drain(returnAfterMs: number): void {
    this.#draining = true;
    this.#writer.say({ type: "Draining", returnAfterMs });
    if (this.#queue?.forgetWaiting(this)) this.#turnAway();
  }

  #turnAway(): void {
    this.#turnedAway = true;
    this.#leaveIfTurnedAway();
  }

  /** Closes the socket of a client that was turned away, once it has the outcomes of what runs for it. */
  #leaveIfTurnedAway(isMutating = this.#queue?.isRunning): void {
    if (!this.#turnedAway || this.#runningActions > 0 || isMutating) return;
    this.close(CloseCode.serviceRestart, "The server restarts.");
  }

  #closeSlowReader(): void {
    this.close(CloseCode.tooSlow, "The client reads too slowly.");
  }

  /**
   * What fails in serving this client ends with this client, as others are served by the same loop. It comes back, and
   * its hashes say what it has.
   */
  #fail(error: unknown): void {
    this.#parts.environment.log.error("A client could not be served: its socket is closed", { error });
    this.close(CloseCode.internalError, "The server failed.");
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.closed();
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
    this.#heartbeat.close();
    this.#writer.close();
    this.view.close();
    this.#queue?.detach(this);
    this.#parts.ended(this);
  }
}
