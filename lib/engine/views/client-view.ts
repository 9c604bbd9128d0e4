import type { Caller } from "../../auth/caller.ts";
import type { Environment } from "../../environment/environment.ts";
import type { WireError } from "../../protocol/outcome.ts";
import type { Frame } from "../../protocol/socket.ts";
import type { Wire } from "../../values/wire.ts";
import type { Answer } from "../answers/answer.ts";
import type { Decided } from "../client-records/client-record.ts";
import type { LiveQueries } from "../queries/live-queries.ts";
import type { LiveQuery, Watcher } from "../queries/live-query.ts";
import type { LostAnswers } from "../queries/lost-answers.ts";
import { argumentBytes } from "../run/arguments.ts";
import type { Failures } from "../run/failures.ts";
import type { EngineLimits } from "../run/limits.ts";
import type { Call } from "../run/run.ts";
import { AwaitedAnswers } from "./awaited-answers.ts";
import { HeldTransition } from "./held-transition.ts";
import { ReflectedMutations } from "./reflected-mutations.ts";
import { type Subscription, Subscriptions } from "./subscriptions.ts";
import type { TransitionFrames } from "./transition-frames.ts";

export interface ClientViewParts {
  readonly environment: Environment;
  readonly limits: EngineLimits;
  readonly failures: Failures;
  readonly liveQueries: LiveQueries;
  /** In development a query that is refused may be one that the next functions accept. */
  readonly functionsMayChange: boolean;
  /** In development only. */
  readonly lostAnswers: LostAnswers | undefined;
  /** Finds a public query that is to be kept live, and parses its arguments of so many bytes. @throws {BadRequestError} */
  resolveKept(path: string, args: Record<string, Wire>, bytes: number): Call;
  /** The transitions of a revision, shared by all clients that are sent them now. */
  framesOf(revision: number): TransitionFrames;
}

/** The connection, as far as its view needs it. */
export interface ViewPort {
  /** May a transition be sent now? No: the client reads too slowly, or is gone. It is asked for again later. */
  canSend(): boolean;
  /** Does the client read what it is sent? If not, it is looked at again by itself. */
  isReading(): boolean;
  send(frame: Frame): void;
  notice(message: string): void;
  /** There is something to send at the next revision, or something to look up. */
  wake(): void;
  /** A transition could not be made: the connection is closed. */
  failed(error: unknown): void;
}

/**
 * What one client watches, and the transition that it is due next.
 *
 * Not here: the socket (see `ClientConnection`), when queries run (see `RerunLoop`).
 */
export class ClientView implements Watcher {
  readonly caller: Caller;
  readonly #parts: ClientViewParts;
  readonly #port: ViewPort;
  readonly #subscriptions = new Subscriptions();
  readonly #reflected = new ReflectedMutations();
  /** Undefined until a mutation arrives that queries without an answer are waited for. */
  #awaited: AwaitedAnswers | undefined;
  /** Defined while detached queries keep the client from moving to their batch's revision. */
  #held: HeldTransition | undefined;

  constructor(parts: ClientViewParts, port: ViewPort, caller: Caller) {
    this.#parts = parts;
    this.#port = port;
    this.caller = caller;
  }

  // ── what it watches ──

  /** Queries that it watches, and refused ones of which it has yet to be told. */
  get size(): number {
    return this.#subscriptions.size;
  }

  /** What all of that takes: bytes of arguments, and of refusals. */
  get bytes(): number {
    return this.#subscriptions.bytes;
  }

  /** Its share of the answers that it watches, in bytes. */
  get answerShare(): number {
    return this.#subscriptions.answerShare();
  }

  has(query: number): boolean {
    return this.#subscriptions.has(query);
  }

  /** @param token Of the answer that the client has. */
  subscribe(query: number, path: string, args: Record<string, Wire>, token: string | undefined): void {
    const bytes = argumentBytes(args);
    const subscription: Subscription = {
      query,
      path,
      args,
      bytes,
      token,
      live: undefined,
      mapped: false,
      moving: false,
    };
    this.#subscriptions.add(subscription);
    this.#bind(subscription);
  }

  unsubscribe(query: number): void {
    this.#leave(this.#subscriptions.delete(query));
    this.#release();
    this.#awaited?.told(this.#subscriptions.unanswered);
  }

  rebind(live: LiveQuery): void {
    this.#guarded(() => this.#rebind(this.#subscriptions.of(live)));
  }

  /** The functions have been replaced: every query is found and parsed anew. */
  rebindAll(): void {
    this.#rebind(this.#subscriptions.all());
  }

  /** The client is gone. */
  close(): void {
    this.#awaited?.close();
    for (const { query } of this.#subscriptions.all()) this.#leave(this.#subscriptions.delete(query));
  }

  #rebind(subscriptions: readonly Subscription[]): void {
    this.#release();
    for (const subscription of subscriptions) this.#bind(subscription);
    this.#port.wake();
  }

  #bind(subscription: Subscription): void {
    const { liveQueries, failures, functionsMayChange } = this.#parts;
    const { path, args, bytes } = subscription;
    try {
      const live = liveQueries.getOrCreate(this.#parts.resolveKept(path, args, bytes), this.caller);
      live.watch(this);
      this.#leave(this.#subscriptions.bind(subscription, live), live);
      liveQueries.request(live);
    } catch (error) {
      const refusal: WireError = failures.toWireError(error, path);
      if (subscription.token !== undefined) this.#parts.lostAnswers?.refused(path, args, refusal, this);
      this.#leave(this.#subscriptions.refuse(subscription, refusal, functionsMayChange));
    }
  }

  #leave(live: LiveQuery | undefined, unless?: LiveQuery): void {
    if (!live || live === unless) return;
    live.unwatch(this);
    this.#parts.liveQueries.dropIfIdle(live);
  }

  changed(live: LiveQuery): void {
    // As `#guarded`, without a closure for each of many watchers.
    try {
      this.#subscriptions.change(live);
      this.#port.wake();
      const { answer } = live;
      if (answer?.ok === false && this.#subscriptions.hasValueOf(live)) {
        this.#parts.lostAnswers?.failed(live, answer, this);
      }
    } catch (error) {
      this.#port.failed(error);
    }
  }

  /** A live query calls all its watchers in turn: what fails for this one ends with its client. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#port.failed(error);
    }
  }

  notice(message: string): void {
    this.#guarded(() => this.#port.notice(message));
  }

  // ── which of its mutations its states contain ──

  /** A mutation has arrived, and is to be decided. */
  arrived(request: number): void {
    const { unanswered } = this.#subscriptions;
    if (unanswered.length === 0) return;
    const { environment, limits } = this.#parts;
    this.#awaited ??= new AwaitedAnswers(environment, limits.queryTimeoutMs);
    this.#awaited.arrived(request, unanswered);
  }

  failed(request: number): void {
    this.#awaited?.failed(request);
  }

  /** @param reply Tells the client; called when it has been told of the queries that it had asked for before. */
  succeeded(request: number, reply: () => void): void {
    if (this.#awaited) this.#awaited.succeeded(request, reply, this.#subscriptions.unanswered);
    else reply();
  }

  /** The client is to leave: it is told what is decided. */
  releaseReplies(): void {
    this.#awaited?.releaseAll();
  }

  /** The client has reconnected, and asks what became of these mutations. */
  askFor(undecided: readonly number[]): void {
    this.#reflected.ask(undecided);
    this.#port.wake();
  }

  /** Has it mutations to look up in the snapshot of its next answers? */
  get hasLookup(): boolean {
    return this.#reflected.isAsked;
  }

  /** What the snapshot of this revision says of them. */
  lookedUp(decided: Decided | undefined, revision: number): void {
    const isOurs = decided?.identity === (this.caller.fingerprint ?? "");
    this.#reflected.lookedUp(isOurs ? decided : undefined, revision);
  }

  committed(request: number, revision: number): void {
    this.#reflected.committed(request, revision);
    this.#port.wake();
  }

  /** Has it mutations that only a later revision than this one reflects? */
  awaitsMoreThan(revision: number): boolean {
    return this.#reflected.awaitMoreThan(revision);
  }

  // ── the transition that it is due ──

  /** Is there anything about its queries that it has not been told? */
  get hasNews(): boolean {
    return this.#subscriptions.hasNews;
  }

  /** Does it wait for the rest of the state of an earlier revision? */
  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  get takesAnswers(): boolean {
    return !this.isHeld && this.#port.isReading();
  }

  /** Which of these live queries does the client show an answer of? */
  showing(lives: ReadonlySet<LiveQuery>): Set<LiveQuery> {
    return this.#subscriptions.showing(lives);
  }

  /**
   * Everything known is of the revision of `frames` now, but for what is unsettled: sends what the client does not know
   * yet, in one transition. A query that it has only asked for, and whose answer is unsettled, is told later.
   */
  flush(frames: TransitionFrames, unsettled: ReadonlySet<LiveQuery>): void {
    const { revision } = frames;
    if (this.#held || !this.#reflected.areKnownAt(revision)) return;
    if (this.#subscriptions.incomplete || !this.#port.canSend()) return;
    const reflected = this.#reflected.take(revision);
    const told = reflected.length === 0 ? this.#subscriptions.takeSingleAnswer() : undefined;
    if (told) this.#port.send(frames.ofAnswer(told));
    else this.#sendChanges(frames, reflected, (live) => (unsettled.has(live) ? undefined : live.answer));
  }

  #sendChanges(frames: TransitionFrames, reflected: number[], answerOf: (live: LiveQuery) => Answer | undefined): void {
    const frame = frames.of(reflected, this.#subscriptions.takeChanges(answerOf));
    if (frame) this.#port.send(frame);
    this.#awaited?.told(this.#subscriptions.unanswered);
  }

  /**
   * Keeps the present state until these queries, which run at its revision, have answered. Later states wait as well: a
   * query that is invalidated faster than it runs would otherwise keep the client where it is for ever.
   */
  hold(waitingFor: Set<LiveQuery>, unsettled: ReadonlySet<LiveQuery>): void {
    this.#held ??= new HeldTransition(waitingFor, this.#subscriptions.answers(unsettled));
  }

  /** Nothing that it watches may have another answer yet: it is looked at all the same, and held (see `hold`). */
  runDetached(): void {
    this.#port.wake();
  }

  detachedFinished(live: LiveQuery, revision: number): void {
    this.#guarded(() => {
      const held = this.#held;
      if (!held?.finished(live)) return;
      this.#release();
      if (!this.#reflected.areKnownAt(revision) || !this.#port.canSend()) return;
      this.#sendChanges(this.#parts.framesOf(revision), this.#reflected.take(revision), held.answerOf);
    });
  }

  detachedLost(live: LiveQuery): void {
    this.#guarded(() => {
      if (this.#held?.waitsFor(live)) this.#release();
    });
  }

  /** Forgets what was held back; the client moves on to the next state that can be sent. */
  #release(): void {
    if (!this.#held) return;
    this.#held = undefined;
    this.#port.wake();
  }
}
