import type { Caller } from "../../auth/caller.ts";
import type { Cancel, Environment } from "../../environment/environment.ts";
import type { Act, ClientMessage, Connect, Mutate, Subscribe } from "../../protocol/client-message.ts";
import type { WireError } from "../../protocol/outcome.ts";
import type { ServerMessage } from "../../protocol/server-message.ts";
import type { Frame, SocketEvents, SocketLike } from "../../protocol/socket.ts";
import { CloseCode, PROTOCOL_VERSION } from "../../protocol/version.ts";
import type { Wire } from "../../values/wire.ts";
import type { Answer } from "../answers/answer.ts";
import { encodeReply } from "../answers/encode-outcome.ts";
import type { ClientQueue, QueueListener } from "../client-records/client-queue.ts";
import type { ClientQueues } from "../client-records/client-queues.ts";
import type { ClientRecord } from "../client-records/client-record.ts";
import type { LiveQueries } from "../queries/live-queries.ts";
import type { LiveQuery, Watcher } from "../queries/live-query.ts";
import { argumentBytes } from "../run/arguments.ts";
import type { Failures } from "../run/failures.ts";
import type { EngineLimits } from "../run/limits.ts";
import type { Call } from "../run/run.ts";
import { Backpressure } from "./backpressure.ts";
import { HeldTransition } from "./held-transition.ts";
import { MessageReader, ProtocolViolation } from "./message-reader.ts";
import { ReflectedMutations } from "./reflected-mutations.ts";
import type { SharedTimer, SharedTimers, TimerTarget } from "./shared-timers.ts";
import { type Subscription, Subscriptions } from "./subscriptions.ts";
import { type ConnectedFrames, closeReason, type TransitionFrames } from "./transition-frames.ts";

export interface ClientConnectionParts {
  readonly environment: Environment;
  readonly limits: EngineLimits;
  readonly timers: SharedTimers;
  readonly connected: ConnectedFrames;
  readonly failures: Failures;
  readonly liveQueries: LiveQueries;
  readonly clientQueues: ClientQueues;
  /** What a page is told when it connects, beside the answers. */
  keptNotice(): string | undefined;
  /** In development a query that is refused may be one that the next functions accept. */
  readonly functionsMayChange: boolean;
  /** Finds a public query that is to be kept live, and parses its arguments of so many bytes. @throws {BadRequestError} */
  resolveKept(path: string, args: Record<string, Wire>, bytes: number): Call;
  runAction(
    path: string,
    args: Record<string, Wire>,
    caller: Caller,
  ): Promise<{ ok: true; value: string } | { ok: false; error: WireError }>;
  /** The transitions of a revision, shared by all connections that are sent them now. */
  framesOf(revision: number): TransitionFrames;
  /** This connection has something to send at the next revision, or something to look up. */
  wake(queue: ClientConnection): void;
  ended(queue: ClientConnection): void;
  readonly counters: { sends: number };
}

const PING: Frame = { text: '{"type":"Ping"}' };
const PONG: Frame = { text: '{"type":"Pong"}' };
/** The messages that begin something. */
const BEGINS: ReadonlySet<ClientMessage["type"]> = new Set(["Connect", "Subscribe", "Mutate", "Act"]);
/** How soon we look again whether a slow client has read, in milliseconds. */
const LOOK_AGAIN = 50;

/**
 * One connected socket: what it watches, and which transition it is due. Messages in, transitions out.
 *
 * Not here: who else watches the same, when queries run (see `RerunLoop`), how mutations are decided (see `ClientQueue`).
 */
export class ClientConnection implements Watcher, QueueListener, SocketEvents, TimerTarget {
  readonly caller: Caller;
  readonly #socket: SocketLike;
  readonly #parts: ClientConnectionParts;
  readonly #subscriptions = new Subscriptions();
  readonly #reflected = new ReflectedMutations();
  readonly #reader: MessageReader;
  /** Undefined until `Connect`. */
  #queue: ClientQueue | undefined;
  /** The client id belongs to another identity than that of this socket: none of its mutations may run. */
  #foreign = false;
  /** Defined while queries that left a batch keep the client from moving to that batch's revision. */
  #held: HeldTransition | undefined;
  #runningActions = 0;
  /** The server stops soon: nothing that the client asks for from now on is begun. */
  #draining = false;
  /** The client has asked for something that was not begun: it has to ask another server. */
  #turnedAway = false;
  #lastHeard: number;
  /** It has been asked whether it is there, and has said nothing since. */
  #isAsked = false;
  #closed = false;
  readonly #backpressure: Backpressure;
  /** In which we look next whether it has introduced itself, and whether it is still there. */
  #timer: SharedTimer;
  #cancelSlowCheck: Cancel | undefined;

  constructor(parts: ClientConnectionParts, socket: SocketLike, caller: Caller) {
    this.#parts = parts;
    this.#socket = socket;
    this.caller = caller;
    const { environment, limits, timers } = parts;
    this.#lastHeard = environment.now();
    this.#reader = new MessageReader(limits, this.#lastHeard);
    this.#backpressure = new Backpressure(limits);
    this.#timer = timers.after(limits.handshakeTimeoutMs, this);
  }

  // ── messages in ──

  message(text: string): void {
    if (this.#closed) return;
    this.#lastHeard = this.#parts.environment.now();
    this.#isAsked = false;
    const message = this.#reader.read(text, this.#lastHeard);
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
        for (const query of message.queries) this.#leave(this.#subscriptions.delete(query));
        this.#letGo();
        // What held it back may be gone, and nothing else might look at it again.
        return this.#parts.wake(this);
      case "Mutate":
        return this.#mutate(this.#queue, message);
      case "Act":
        void this.#act(message);
        return;
      case "Ping":
        return this.#send(PONG);
      case "Pong":
        return;
      default:
        message satisfies never;
    }
  }

  #connect(message: Connect): void {
    const { clientQueues, connected, keptNotice } = this.#parts;
    if (this.#queue) return this.close(CloseCode.badMessage, "Connect may be sent once.");
    if (message.protocol !== PROTOCOL_VERSION) {
      const versions = `This server speaks version ${PROTOCOL_VERSION}, the client ${message.protocol}`;
      return this.close(CloseCode.unsupportedVersion, `${versions}: load the page again.`);
    }
    this.#queue = clientQueues.attach(message.clientId, this.caller, this);
    this.#foreign = message.identity !== undefined && message.identity !== this.caller.fingerprint;
    this.#send(connected.of(this.caller.fingerprint));
    const kept = keptNotice();
    if (kept !== undefined) this.notice(kept);
    if (message.undecided && message.undecided.length > 0 && !this.#foreign) {
      this.#reflected.ask(message.undecided);
      this.#parts.wake(this);
    }
  }

  #subscribe(message: Subscribe): void {
    const { limits } = this.#parts;
    if (this.#subscriptions.size + message.queries.length > limits.subscriptions) {
      return this.close(CloseCode.tooMany, `A client may watch ${limits.subscriptions} queries at a time.`);
    }
    for (const { query, path, args, hash } of message.queries) {
      if (this.#subscriptions.has(query)) return this.close(CloseCode.badMessage, `Query ${query} is in use.`);
      const bytes = argumentBytes(args);
      const subscription: Subscription = {
        query,
        path,
        args,
        bytes,
        hash,
        live: undefined,
        mapped: false,
        moving: false,
      };
      this.#subscriptions.add(subscription);
      this.#bind(subscription);
      if (this.#subscriptions.bytes > limits.keptArgsBytes) {
        const reason = `The arguments of a client's queries may take ${limits.keptArgsBytes} bytes together.`;
        return this.close(CloseCode.tooMany, reason);
      }
    }
    this.#parts.wake(this);
  }

  #mutate(queue: ClientQueue, message: Mutate): void {
    const { limits } = this.#parts;
    const { request, path, args, confirmedUpTo } = message;
    if (this.#foreign) {
      const error: WireError = {
        kind: "unavailable",
        message: "You are signed in as somebody else now. It was not sent.",
      };
      return this.#say({ type: "MutationFailed", request, error });
    }
    if (queue.pending >= limits.queuedMutations) {
      return this.close(CloseCode.tooMany, `A client may have ${limits.queuedMutations} mutations waiting.`);
    }
    queue.submit({ number: request, path, args, confirmedUpTo });
  }

  async #act(message: Act): Promise<void> {
    const { request, path, args } = message;
    const { limits } = this.#parts;
    if (this.#runningActions >= limits.runningActions) {
      const error: WireError = {
        kind: "unavailable",
        message: `A client may run ${limits.runningActions} actions at a time.`,
      };
      return this.#say({ type: "ActionFailed", request, error });
    }
    this.#runningActions++;
    const outcome = await this.#parts.runAction(path, args, this.caller);
    this.#runningActions--;
    if (outcome.ok) this.#reply(`{"type":"ActionSucceeded","request":${request},"value":${outcome.value}}`);
    else this.#say({ type: "ActionFailed", request, error: outcome.error });
    this.#leaveIfTurnedAway();
  }

  // ── what it watches ──

  #bind(subscription: Subscription): void {
    const { liveQueries, failures, functionsMayChange } = this.#parts;
    const { path, args, bytes } = subscription;
    try {
      const live = liveQueries.getOrCreate(this.#parts.resolveKept(path, args, bytes), this.caller);
      live.watch(this);
      this.#leave(this.#subscriptions.bind(subscription, live), live);
      liveQueries.request(live);
    } catch (error) {
      this.#leave(this.#subscriptions.refuse(subscription, failures.toWireError(error, path), functionsMayChange));
    }
  }

  #leave(live: LiveQuery | undefined, unless?: LiveQuery): void {
    if (!live || live === unless) return;
    live.unwatch(this);
    this.#parts.liveQueries.dropIfIdle(live);
  }

  changed(live: LiveQuery): void {
    this.#subscriptions.change(live);
    this.#parts.wake(this);
  }

  rebind(live: LiveQuery): void {
    this.#letGo();
    for (const subscription of this.#subscriptions.of(live)) this.#bind(subscription);
    this.#parts.wake(this);
  }

  /** The functions have been replaced: every query is found and parsed anew. */
  rebindAll(): void {
    this.#letGo();
    for (const subscription of this.#subscriptions.all()) this.#bind(subscription);
    this.#parts.wake(this);
  }

  notice(message: string): void {
    this.#say({ type: "Notice", message });
  }

  // ── transitions out ──

  /** Has it mutations to look up in the snapshot of its next answers? */
  get looksUp(): string | undefined {
    return this.#reflected.isAsked ? this.#queue?.id : undefined;
  }

  /** What the snapshot of this revision says of them. */
  lookedUp(record: ClientRecord | undefined, revision: number): void {
    const isOurs = record?.identity === (this.caller.fingerprint ?? "");
    this.#reflected.lookedUp(isOurs ? record : undefined, revision);
  }

  /**
   * Everything known is of the revision of `frames` now, but for what is unsettled: sends what the client does not know yet, in one
   * transition. A query that it has only asked for, and whose answer is unsettled, is told later.
   */
  flush(frames: TransitionFrames, unsettled: ReadonlySet<LiveQuery>): void {
    const { revision } = frames;
    if (this.#closed || this.#held || !this.#reflected.areKnownAt(revision)) return;
    if (this.#subscriptions.incomplete || this.#readsTooSlowly()) return;
    try {
      const reflected = this.#reflected.take(revision);
      const told = reflected.length === 0 ? this.#subscriptions.takeSingleAnswer() : undefined;
      if (told) this.#send(frames.ofAnswer(told));
      else this.#sendChanges(frames, reflected, (live) => (unsettled.has(live) ? undefined : live.answer));
    } catch (error) {
      this.#fail(error);
    }
  }

  #sendChanges(frames: TransitionFrames, reflected: number[], answerOf: (live: LiveQuery) => Answer | undefined): void {
    const frame = frames.of(reflected, this.#subscriptions.takeChanges(answerOf));
    if (frame) this.#send(frame);
  }

  /** Which of these live queries does the client show an answer of? */
  showing(lives: ReadonlySet<LiveQuery>): Set<LiveQuery> {
    const shown = new Set<LiveQuery>();
    for (const live of lives) if (this.#subscriptions.shows(live)) shown.add(live);
    return shown;
  }

  /**
   * Keeps the present state until these queries, which run at its revision, have answered. Later states wait as well: a
   * query that is invalidated faster than it runs would otherwise keep the client where it is for ever.
   */
  hold(waitingFor: Set<LiveQuery>, unsettled: ReadonlySet<LiveQuery>): void {
    this.#held ??= new HeldTransition(waitingFor, this.#subscriptions.answers(unsettled));
  }

  detachedFinished(live: LiveQuery, revision: number): void {
    const held = this.#held;
    if (!held?.finished(live)) return;
    this.#letGo();
    if (this.#closed || !this.#reflected.areKnownAt(revision) || this.#readsTooSlowly()) return;
    try {
      this.#sendChanges(this.#parts.framesOf(revision), this.#reflected.take(revision), held.answerOf);
    } catch (error) {
      this.#fail(error);
    }
  }

  detachedLost(live: LiveQuery): void {
    if (this.#held?.waitsFor(live)) this.#letGo();
  }

  /** Forgets what was held back; the client moves on to the state of whenever it can. */
  #letGo(): void {
    if (!this.#held) return;
    this.#held = undefined;
    this.#parts.wake(this);
  }

  /** What a slow client misses is made up for by the state of the time it has read. */
  #readsTooSlowly(): boolean {
    const { environment } = this.#parts;
    const { bufferedAmount } = this.#socket;
    if (this.#backpressure.keepsUp(bufferedAmount)) return false;
    if (
      this.#backpressure.isOverwhelmed(bufferedAmount) ||
      this.#backpressure.isStuck(bufferedAmount, environment.now())
    ) {
      this.#giveUpSlowReader();
    } else {
      this.#cancelSlowCheck?.();
      this.#cancelSlowCheck = environment.after(LOOK_AGAIN, () => this.#parts.wake(this));
    }
    return true;
  }

  #giveUpSlowReader(): void {
    this.close(CloseCode.tooSlow, "The client reads too slowly.");
  }

  /** Is there anything about its queries that it has not been told? */
  get hasNews(): boolean {
    return this.#subscriptions.hasNews;
  }

  /** Has it mutations that only a later revision than this one reflects? */
  awaitsMoreThan(revision: number): boolean {
    return this.#reflected.awaitMoreThan(revision);
  }

  committed(request: number, revision: number): void {
    this.#reflected.committed(request, revision);
    this.#parts.wake(this);
  }

  decided(request: number, outcome: string): void {
    this.#reply(encodeReply(request, outcome));
    // None is begun after it: what waited is forgotten.
    this.#leaveIfTurnedAway(false);
  }

  takenOver(): void {
    this.close(CloseCode.clientIdTakenOver, "Another socket has taken over this client id.");
  }

  notRecorded(): void {
    this.close(CloseCode.serviceRestart, "The database cannot be reached.");
  }

  /**
   * Tells the client to leave and when to come back, in milliseconds. What runs for it is finished; what waits is
   * forgotten, as on a lost socket, and so is what it asks for from now on.
   */
  drain(returnAfterMs: number): void {
    this.#draining = true;
    this.#say({ type: "Draining", returnAfterMs });
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

  #say(message: ServerMessage): void {
    this.#reply(JSON.stringify(message));
  }

  /** Sends what cannot wait until the client has read, unless it has far too much to read already. */
  #reply(text: string): void {
    const { bufferedAmount } = this.#socket;
    if (!this.#backpressure.keepsUp(bufferedAmount) && this.#backpressure.isOverwhelmed(bufferedAmount))
      this.#giveUpSlowReader();
    else this.#send({ text });
  }

  #send(frame: Frame): void {
    if (this.#closed) return;
    this.#backpressure.sent(frame.text);
    this.#parts.counters.sends++;
    try {
      this.#socket.send(frame);
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * What fails in serving this client ends with this client, as others are served by the same loop. It comes back, and
   * its hashes say what it has.
   */
  #fail(error: unknown): void {
    this.#parts.environment.log.error("A client could not be served: its socket is closed", { error });
    this.close(CloseCode.internalError, "The server failed.");
  }

  // ── life and death ──

  /**
   * Every now and then: has it introduced itself in time, and is it still there? Nobody is let go who has not been asked:
   * after a jump of the machine's clock, or a long sleep of it, everybody seems to have been silent.
   */
  onDue(): void {
    const { environment, limits, timers } = this.#parts;
    const { handshakeTimeoutMs: handshake, pingIntervalMs, silenceTimeoutMs } = limits;
    if (!this.#queue) {
      return this.close(CloseCode.handshakeTimeout, `Expected Connect within ${handshake} ms.`);
    }
    if (this.#isAsked) return this.close(CloseCode.silent, `Nothing heard for ${silenceTimeoutMs} ms.`);
    const silent = Math.max(0, environment.now() - this.#lastHeard);
    this.#isAsked = silent >= pingIntervalMs;
    if (this.#isAsked) this.#send(PING);
    this.#timer = timers.after(this.#isAsked ? silenceTimeoutMs - pingIntervalMs : pingIntervalMs - silent, this);
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
    this.#timer.delete(this);
    this.#cancelSlowCheck?.();
    for (const { query } of this.#subscriptions.all()) this.#leave(this.#subscriptions.delete(query));
    this.#queue?.detach(this);
    this.#parts.ended(this);
  }
}
