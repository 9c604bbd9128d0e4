import type { Cancel, Environment } from "../environment/environment.ts";
import type { QueryKey } from "../functions/query-key.ts";
import type { PreloadedAnswer } from "../protocol/preloaded.ts";
import type { Connected, ServerMessage, Transition } from "../protocol/server-message.ts";
import { PROTOCOL_VERSION, RESYNC } from "../protocol/version.ts";
import { fromWire } from "../values/wire.ts";
import type { Answer } from "./answer.ts";
import type { ClientSocket } from "./client-socket.ts";
import { Connection, NORMAL } from "./connection.ts";
import { type FunctionError, toFunctionError, UnavailableError } from "./errors.ts";
import { OptimisticAnswers } from "./optimistic-answers.ts";
import type { OptimisticLocalStore } from "./optimistic-store.ts";
import { Outbox } from "./outbox.ts";
import type { Page } from "./page.ts";
import { PendingActions } from "./pending-actions.ts";
import { type PendingMutation, PendingMutations } from "./pending-mutations.ts";
import { PreloadedAnswers, type ReadAnswer } from "./preloaded-answers.ts";
import type { Result } from "./query-result.ts";
import { QuerySet } from "./query-set.ts";
import { wireArgs } from "./question.ts";
import { ServerAnswers } from "./server-answers.ts";
import { Watchers } from "./watchers.ts";

/** How the page is connected, and how many mutations wait. */
export interface ConnectionState {
  readonly state: "connecting" | "open" | "waiting" | "stopped";
  readonly hasEverConnected: boolean;
  /** When the next attempt is due, in milliseconds since 1970. Only while waiting. */
  readonly retryAt?: number;
  /** Mutations that were called and have not ended. */
  readonly pendingMutations: number;
}

export const NOT_CONNECTED: ConnectionState = Object.freeze({
  state: "connecting",
  hasEverConnected: false,
  pendingMutations: 0,
});

/**
 * The client by query keys and addresses, without types: wires the stores, and only wires. Whatever happens ends in
 * `#changed`, which makes the guesses anew and tells every listener once.
 */
export class SyncClient {
  readonly #environment: Environment;
  readonly #page: Page;
  readonly #questions: QuerySet;
  readonly #answers: ServerAnswers;
  readonly #preloaded = new PreloadedAnswers();
  readonly #optimistic: OptimisticAnswers;
  readonly #mutations: PendingMutations;
  readonly #actions = new PendingActions();
  /** Mutations that the server's answers on this connection contain, and those we show perhaps not yet. */
  readonly #reflected = new Set<number>();
  readonly #watchers: Watchers;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #awaited = new Map<QueryKey, Awaited>();
  readonly #stateListeners = new Set<() => void>();
  #state = NOT_CONNECTED;
  /** Who the last connection said we are. Undefined until the first. */
  #identity: string | null | undefined;
  #hasEverConnected = false;
  #isClosed = false;
  /** Held by a provider or by whoever made it. A client that is not held rests once nothing is left to do. */
  #isHeld = true;
  #isSpeakingSoon = false;
  #cancelGiveUp: Cancel | undefined;
  #stopAsking: Cancel | undefined;

  /** @param openSocket Makes a socket to the server. Not called before something is watched or called. */
  constructor(environment: Environment, page: Page, openSocket: () => ClientSocket) {
    this.#environment = environment;
    this.#page = page;
    this.#questions = new QuerySet(environment, (key) => this.#release(key));
    this.#answers = new ServerAnswers(this.#questions);
    this.#optimistic = new OptimisticAnswers(
      { answer: (key) => this.#base(key), keys: () => this.#allKeys() },
      environment.log,
    );
    this.#mutations = new PendingMutations(environment);
    this.#watchers = new Watchers(environment.log);
    this.#connection = new Connection(environment, page, {
      openSocket,
      opened: () => this.#introduce(),
      message: (text) => this.#receive(text),
      lost: () => this.#lost(),
      changed: () => this.#announce(),
      refused: (reason) => this.#refused(reason),
    });
    this.#outbox = new Outbox(environment, this.#connection, {
      questions: this.#questions,
      mutations: this.#mutations,
      actions: this.#actions,
      held: (key) => this.#held(key),
      refuse: (key, error) => this.#refuse(key, error),
      done: () => this.#spoken(),
    });
  }

  // ── what is shown ──

  /** What is known now: the same object until it changes. */
  result(key: QueryKey): Result<unknown> {
    return this.#optimistic.result(key);
  }

  /** The server's own answer, without guesses. Undefined while there is none. */
  serverResult(key: QueryKey): Result<unknown> | undefined {
    return this.#base(key)?.result;
  }

  /** Asks these until stopped. `listener` is called once for each change of any number of them. */
  watch(keys: readonly QueryKey[], listener: () => void): Cancel {
    if (this.#isClosed) return () => {};
    this.#want();
    for (const key of keys) {
      this.#answers.watched(key);
      this.#questions.watch(key);
    }
    const stop = this.#watchers.add(keys, listener, (key) => this.result(key));
    let isWatching = true;
    return () => {
      if (!isWatching) return;
      isWatching = false;
      stop();
      for (const key of keys) this.#questions.unwatch(key);
    };
  }

  /** Resolves when the server has answered, on this connection or the next. The same promise for all who wait. */
  answered(key: QueryKey): Promise<void> {
    const waiting = this.#awaited.get(key);
    if (waiting) return waiting.promise;
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#questions.isAnswered(key)) return Promise.resolve();
    const stop = this.watch([key], () => {});
    let settle = {} as Pick<Awaited, "resolve" | "reject">;
    const promise = new Promise<void>((resolve, reject) => {
      settle = { resolve, reject };
    });
    promise.catch(() => {}); // those who wait hear of it; perhaps nobody does
    this.#awaited.set(key, { promise, stop, ...settle });
    return promise;
  }

  /** The server will probably answer `key` as it has answered `like`. Not shown before it has; but an equal answer is not sent. */
  expectSame(key: QueryKey, like: QueryKey): void {
    this.#answers.expectSame(key, like);
  }

  /**
   * Takes an answer that came with the page. Safe while rendering: listeners are told later.
   * @returns it, read; `answer` is what the server rendered, whatever is known by now.
   */
  ingest(preloaded: PreloadedAnswer): ReadAnswer {
    const read = this.#preloaded.read(preloaded, (key) => this.#held(key));
    if (read.identity === this.#identity) this.#answers.fill(read.key, read);
    else if (this.#preloaded.hold(read, (key) => this.#questions.has(key))) this.#verifySoon();
    queueMicrotask(() => this.#changed());
    return read;
  }

  // ── calls ──

  /** @param update What to show ahead of the result. */
  mutate(
    path: string,
    args: Record<string, unknown> | undefined,
    update?: (localStore: OptimisticLocalStore, args: never) => void,
  ): Promise<unknown> {
    return this.#call(path, args, this.#mutations.isFull, (call) => {
      const given = fromWire(call.args) as never;
      const layer = update && { path, update: (store: OptimisticLocalStore) => update(store, given) };
      if (this.#mutations.isSessionOver) this.#reconnect();
      this.#mutations.add({ ...call, layer });
      if (layer) this.#optimistic.add(layer);
      this.#changed();
    });
  }

  act(path: string, args: Record<string, unknown> | undefined): Promise<unknown> {
    return this.#call(path, args, this.#actions.isFull, (call) => this.#actions.add(call));
  }

  #call(path: string, given: Record<string, unknown> | undefined, isFull: boolean, add: (call: Call) => void) {
    return new Promise<unknown>((resolve, reject) => {
      if (this.#isClosed) throw closed();
      if (isFull) throw new UnavailableError(`Not sent: ${path}. Too many calls wait for the server.`);
      const args = structuredClone(wireArgs(given));
      this.#outbox.check(path, args);
      this.#want();
      add({ path, args, resolve, reject });
    });
  }

  // ── the connection ──

  readonly connectionState = (): ConnectionState => this.#state;

  readonly subscribeToConnectionState = (listener: () => void): Cancel => {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  };

  /** Connects again, so that the server looks again who we are. */
  refreshIdentity(): void {
    this.#reconnect();
  }

  /** Keeps the client from resting. Once released, it disconnects as soon as nothing is watched and no call is left. */
  hold(): Cancel {
    this.#isHeld = true;
    return () => {
      this.#isHeld = false;
      this.#speakSoon();
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#dropCalls(CLOSED);
    for (const { stop, reject } of this.#awaited.values()) {
      stop();
      reject(closed());
    }
    this.#awaited.clear();
    this.#questions.clear();
    this.#connection.stop();
    this.#outbox.close();
    this.#changed();
  }

  #want(): void {
    if (this.#isClosed) return;
    this.#connection.want();
    this.#speakSoon();
  }

  /** The socket is open: says who we are, then what is due. */
  #introduce(): void {
    if (this.#mutations.isSessionOver) this.#renewSession();
    const { session, undecided, isSessionUsed } = this.#mutations;
    this.#outbox.open({
      type: "Connect",
      protocol: PROTOCOL_VERSION,
      session,
      identity: isSessionUsed ? this.#identity : undefined,
      undecided: undecided.length > 0 ? undecided : undefined,
    });
  }

  #lost(): void {
    this.#reflected.clear();
    this.#questions.disconnected();
    this.#answers.disconnected();
    this.#mutations.disconnected();
    for (const action of this.#actions.takeAll((action) => action.isOnWire)) giveUp(action);
    this.#changed();
  }

  #refused(reason: string): void {
    this.#environment.log.error(`The server refuses this client: ${reason}`);
    this.#dropCalls(reason);
    this.#isClosed = true;
    this.#changed();
  }

  #reconnect(): void {
    if (this.#mutations.isIdle || this.#mutations.isSessionOver) this.#renewSession();
    this.#connection.renew();
  }

  #renewSession(): void {
    const lost = this.#mutations.renewSession();
    this.#optimistic.remove(lost);
    for (const mutation of lost) giveUp(mutation);
  }

  /** Ends every call: the server may have run those that were sent, and has not seen the others. */
  #dropCalls(reason: string): void {
    const mutations = this.#mutations.takeAll();
    this.#optimistic.remove(mutations);
    for (const mutation of mutations) giveUp(mutation, mutation.n === undefined ? reason : undefined);
    for (const action of this.#actions.takeAll()) giveUp(action, action.isOnWire ? undefined : reason);
  }

  // ── what the server says ──

  /**
   * A message that cannot be right never throws out of here: we start again from what we have. How deep it is nested is
   * looked at where it is followed: by `fromWire`.
   */
  #receive(text: string): void {
    try {
      this.#take(JSON.parse(text) as ServerMessage);
    } catch (error) {
      this.#environment.log.error(`The server's message does not fit, so the client resyncs: ${error}`, { error });
      this.#connection.leave(RESYNC);
    }
    this.#speakSoon();
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case "Connected":
        return this.#connected(message);
      case "Transition":
        return this.#transition(message);
      case "MutationSucceeded":
        return this.#ended(this.#mutations.succeeded(message.request, fromWire(message.value)));
      case "MutationFailed":
        return this.#failed(this.#mutations.failed(message.request), toFunctionError(message.error));
      case "ActionSucceeded":
        return this.#actions.take(message.request)?.resolve(fromWire(message.value));
      case "ActionFailed":
        return this.#actions.take(message.request)?.reject(toFunctionError(message.error));
      case "Draining":
        this.#connection.returnAfter = Math.ceil(message.returnAfter * (1 + this.#environment.random() / 4));
        return;
      case "Notice":
        return this.#environment.log.warn(message.message);
      case "Ping":
        return this.#connection.send({ type: "Pong" });
      case "Pong":
        return;
      default:
        message satisfies never;
        throw new Error("Its type is unknown.");
    }
  }

  #connected({ epoch, identity, limits }: Connected): void {
    const isSomebodyElse = this.#identity !== undefined && this.#identity !== identity;
    const wasBound = isSomebodyElse && this.#mutations.isSessionUsed;
    this.#outbox.limit(limits);
    this.#hasEverConnected = true;
    this.#answers.connected(epoch);
    this.#connection.connected(limits);
    if (isSomebodyElse) {
      this.#answers.forget();
      this.#dropCalls("Somebody else is signed in now.");
    }
    this.#identity = identity;
    const { ours, reconnect } = this.#preloaded.verify(identity);
    for (const read of ours) this.#answers.fill(read.key, read);
    this.#changed();
    if (reconnect || wasBound) this.#reconnect();
    else this.#noticeSynced();
  }

  #transition(transition: Transition): void {
    this.#answers.apply(transition);
    for (const n of transition.reflected ?? []) this.#reflected.add(n);
    this.#endReflected();
    this.#noticeSynced();
  }

  /**
   * Drops the guesses in the very update that brings the results; then ends the calls, so that callers see them. After a
   * reconnect the server may say what is reflected before it has heard what we ask, while we show older answers: that
   * waits until all of these are answered.
   */
  #endReflected(): void {
    if (this.#answers.isCatchingUp) return this.#changed();
    const reflected = this.#mutations.reflected([...this.#reflected]);
    this.#reflected.clear();
    this.#optimistic.remove(reflected);
    this.#changed();
    for (const mutation of reflected) if (mutation.success) this.#ended(mutation);
  }

  #ended(mutation: PendingMutation | undefined): void {
    mutation?.resolve(mutation.success?.value);
    this.#announce();
  }

  #failed(mutation: PendingMutation | undefined, error: FunctionError): void {
    if (mutation === undefined) return;
    this.#optimistic.remove([mutation]);
    this.#changed();
    mutation.reject(error);
  }

  #noticeSynced(): void {
    if (!this.#questions.isWaiting) this.#connection.synced();
  }

  /** A payload of somebody else than the connection's: one reconnect tells whether the browser has become them. */
  #verifySoon(): void {
    queueMicrotask(() => {
      if (this.#identity === undefined || this.#connection.phase.state !== "open") return;
      if (this.#preloaded.verify(this.#identity).reconnect) this.#reconnect();
    });
  }

  // ── what we say ──

  /** What is asked for in one tick is said together. */
  #speakSoon(): void {
    if (this.#isSpeakingSoon) return;
    this.#isSpeakingSoon = true;
    queueMicrotask(() => {
      this.#isSpeakingSoon = false;
      this.#outbox.send();
    });
  }

  /** Nothing more can be said now. A server that drains is left once it owes us nothing; a client that nobody holds rests. */
  #spoken(): void {
    this.#announce();
    const isOwed = this.#mutations.inFlight + this.#actions.inFlight > 0;
    if (this.#connection.returnAfter !== undefined && !isOwed) this.#connection.leave(NORMAL);
    const isNeeded = this.#isHeld || this.#questions.size + this.#mutations.size + this.#actions.size > 0;
    if (!isNeeded && this.#connection.phase.state !== "idle") this.#connection.rest();
  }

  #refuse(key: QueryKey, error: FunctionError): void {
    if (this.#answers.answer(key)?.result.error?.message === error.message) return;
    this.#answers.refuse(key, error);
    this.#changed();
  }

  // ── telling ──

  /** The only way in which a change reaches the page: all stores have changed by now, everybody is told once. */
  #changed(): void {
    this.#optimistic.replay();
    this.#watchers.publish((key) => this.result(key));
    for (const [key, { stop, resolve }] of this.#awaited) {
      if (!this.#questions.isAnswered(key)) continue;
      this.#awaited.delete(key);
      stop();
      resolve();
    }
    this.#announce();
  }

  /** Follows the connection and the pending mutations: for those who show them, and for whoever is about to leave. */
  #announce(): void {
    this.#askBeforeLeaving();
    this.#giveUpInTime();
    const { phase } = this.#connection;
    const now: ConnectionState = {
      state: phase.state === "idle" ? "connecting" : phase.state,
      hasEverConnected: this.#hasEverConnected,
      ...(phase.state === "waiting" && { retryAt: phase.retryAt }),
      pendingMutations: this.#mutations.size,
    };
    if (JSON.stringify(now) === JSON.stringify(this.#state)) return;
    this.#state = now;
    for (const listener of [...this.#stateListeners]) listener();
  }

  #askBeforeLeaving(): void {
    if (!this.#mutations.hasUnsent) {
      this.#stopAsking?.();
      this.#stopAsking = undefined;
    } else this.#stopAsking ??= this.#page.askBeforeLeaving();
  }

  #giveUpInTime(): void {
    const at = this.#mutations.givesUpAt;
    if (at === undefined) {
      this.#cancelGiveUp?.();
      this.#cancelGiveUp = undefined;
    } else this.#cancelGiveUp ??= this.#environment.after(at - this.#environment.now(), () => this.#giveUp());
  }

  #giveUp(): void {
    this.#cancelGiveUp = undefined;
    if (this.#mutations.isSessionOver) this.#reconnect();
    this.#changed();
  }

  // ── what there is ──

  #base(key: QueryKey): Answer | undefined {
    return this.#preloaded.answer(key) ?? this.#answers.answer(key);
  }

  #held(key: QueryKey): Answer | undefined {
    return this.#preloaded.answer(key) ?? this.#answers.held(key);
  }

  #allKeys(): Set<QueryKey> {
    return new Set([...this.#questions.keys(), ...this.#answers.keys(), ...this.#preloaded.keys()]);
  }

  #release(key: QueryKey): void {
    this.#answers.released(key);
    if (this.#reflected.size > 0) this.#endReflected();
    this.#speakSoon();
  }
}

interface Awaited {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly stop: Cancel;
}

type Call = Pick<PendingMutation, "path" | "args" | "resolve" | "reject">;

const CLOSED = "The client is closed.";

function closed(): UnavailableError {
  return new UnavailableError(CLOSED);
}

/** Ends a call that the server may or may not have run; `unsent` says why, where it has not seen the call. */
function giveUp({ path, reject }: Call, unsent?: string): void {
  const message =
    unsent === undefined
      ? `Outcome unknown: ${path} was sent, and its result can no longer be learned.`
      : `Not sent: ${path} was waiting for the server. ${unsent}`;
  reject(new UnavailableError(message));
}
