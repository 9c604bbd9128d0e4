import type { Cancel, Environment } from "../environment/environment.ts";
import type { QueryKey } from "../functions/query-key.ts";
import type { ClientMessage } from "../protocol/client-message.ts";
import { NORMAL, RESYNC } from "../protocol/close-codes.ts";
import { tooLarge } from "../protocol/frame-size.ts";
import { type FunctionError, toFunctionError, UnavailableError } from "../protocol/function-error.ts";
import type { PreloadedAnswer } from "../protocol/preloaded.ts";
import type { Connected, ServerMessage, Transition } from "../protocol/server-message.ts";
import { PROTOCOL_VERSION } from "../protocol/version.ts";
import { fromWire } from "../values/wire.ts";
import { type WireArgs, wireArgs } from "./calls/named-call.ts";
import type { OptimisticLocalStore } from "./calls/optimistic-update.ts";
import { MAX_PENDING, type PendingCall, PendingCalls } from "./calls/pending-calls.ts";
import type { BrowserTab } from "./connection/browser-tab.ts";
import type { ClientSocket } from "./connection/client-socket.ts";
import { Connection } from "./connection/connection.ts";
import { SendQueue } from "./connection/send-queue.ts";
import { Listeners } from "./listeners.ts";
import { OptimisticAnswers } from "./optimistic/optimistic-answers.ts";
import type { RenderedAnswer } from "./queries/answer.ts";
import { PreloadedAnswers } from "./queries/preloaded-answers.ts";
import { type QueryRecord, shownAnswer } from "./queries/query-record.ts";
import type { Result } from "./queries/query-result.ts";
import { QuerySet } from "./queries/query-set.ts";
import { ServerAnswers } from "./queries/server-answers.ts";

/**
 * The client by query keys and paths, without types: wires the stores, and only wires. Whatever happens ends in
 * `#changed`, which makes the guesses anew and tells every listener once.
 */
export class SyncClient {
  readonly #environment: Environment;
  readonly #tab: BrowserTab;
  readonly #queries: QuerySet;
  readonly #answers: ServerAnswers;
  readonly #preloaded: PreloadedAnswers;
  readonly #calls: PendingCalls;
  readonly #optimistic: OptimisticAnswers;
  readonly #listeners: Listeners;
  readonly #connection: Connection;
  readonly #sendQueue: SendQueue;
  readonly #awaited = new Map<QueryKey, Promise<void>>();
  /** Who the last connection said we are. Undefined until the first. */
  #identity: string | null | undefined;
  #isClosed = false;
  /** Held by a provider or by whoever made it. A client that is not held rests once nothing is left to do. */
  #isHeld = true;
  #isSpeakingSoon = false;
  #stopAsking: Cancel | undefined;

  /** @param openSocket Makes a socket to the server. Not called before something is watched or called. */
  constructor(environment: Environment, tab: BrowserTab, openSocket: () => ClientSocket) {
    this.#environment = environment;
    this.#tab = tab;
    this.#queries = new QuerySet(environment, {
      released: (query) => this.#released(query),
      refuse: (query, error) => this.#refuse(query, error),
    });
    this.#answers = new ServerAnswers(this.#queries);
    this.#preloaded = new PreloadedAnswers(this.#queries, this.#answers);
    this.#calls = new PendingCalls(environment);
    this.#optimistic = new OptimisticAnswers(this.#queries, this.#calls, environment.log);
    this.#listeners = new Listeners(environment.log);
    this.#connection = new Connection(environment, tab, {
      openSocket,
      opened: () =>
        this.#sendQueue.open({
          type: "Connect",
          protocol: PROTOCOL_VERSION,
          ...this.#calls.connectMessage(this.#identity),
        }),
      message: (text) => this.#receive(text),
      lost: () => {
        this.#answers.disconnected();
        this.#queries.disconnected();
        this.#calls.disconnected();
        this.#changed();
      },
      changed: () => this.#announce(),
      refused: (reason) => {
        environment.log.error(`The server refuses this client: ${reason}`);
        this.close(reason);
      },
    });
    this.#sendQueue = new SendQueue(environment, this.#connection, {
      next: () => this.#next(),
      done: () => this.#flushed(),
    });
  }

  // ── what is shown ──

  /** What is known now: the same object until it changes. */
  result(key: QueryKey): Result<unknown> {
    return this.#optimistic.result(key);
  }

  /** The server's own answer, without guesses. Undefined while there is none. */
  serverResult(key: QueryKey): Result<unknown> | undefined {
    return shownAnswer(this.#queries.get(key))?.result;
  }

  /** Asks these until stopped. `listener` is called once for each change of any number of them. */
  watch(keys: readonly QueryKey[], listener: () => void): Cancel {
    if (this.#isClosed) return () => {};
    this.#want();
    for (const key of keys) this.#queries.watch(key);
    const stop = this.#listeners.add(() => keys.map((key) => this.result(key)), listener);
    return () => {
      if (stop()) for (const key of keys) this.#queries.unwatch(key);
    };
  }

  /** Resolves when the server has answered, on this connection or the next. The same promise for all who wait. */
  answered(key: QueryKey): Promise<void> {
    let answered = this.#awaited.get(key);
    if (answered === undefined) {
      answered = this.#untilAnswered(key).finally(() => this.#awaited.delete(key));
      answered.catch(() => {}); // those who wait hear of it; perhaps nobody does
      this.#awaited.set(key, answered);
    }
    return answered;
  }

  async #untilAnswered(key: QueryKey): Promise<void> {
    const isOver = () => this.#isClosed || this.#queries.isAnswered(key);
    const stop = this.watch([key], () => {});
    if (!isOver()) {
      await new Promise<void>((resolve) => {
        const stopWaiting = this.#listeners.add(
          () => [isOver()],
          () => {
            stopWaiting();
            resolve();
          },
        );
      });
    }
    stop();
    if (this.#isClosed) throw new UnavailableError("notSent", CLOSED);
  }

  /** The server will probably answer `key` as it has answered `like`. Not shown before it has; but an equal answer is not sent. */
  seedFrom(key: QueryKey, like: QueryKey): void {
    this.#answers.seedFrom(key, like);
  }

  /**
   * Takes an answer that came with the page. Safe while rendering: listeners are told later.
   * @returns it, read; `answer` is what the server rendered, whatever is known by now.
   */
  ingest(preloaded: PreloadedAnswer): RenderedAnswer {
    const read = this.#preloaded.read(preloaded);
    this.#preloaded.take(read, this.#identity);
    queueMicrotask(() => {
      const isOpen = this.#connection.phase.state === "open";
      if (isOpen && this.#preloaded.verify(this.#identity)) this.reconnect();
      this.#changed();
    });
    return read;
  }

  // ── calls ──

  /** @param update What a mutation shows ahead of its result. */
  call(
    type: PendingCall["type"],
    path: string,
    original: Record<string, unknown> | undefined,
    update?: (localStore: OptimisticLocalStore, args: never) => void,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new UnavailableError("notSent", CLOSED);
      if (this.#calls.count(type) >= MAX_PENDING) {
        throw new UnavailableError("notSent", `Not sent: ${path}. Too many calls wait.`);
      }
      const text = JSON.stringify(wireArgs(original)); // as they are now, whatever happens to them later
      const error = tooLarge(path, text, this.#connection.limits.frameBytes);
      if (error) throw error;
      const args = JSON.parse(text) as WireArgs;
      const given = fromWire(args) as never;
      this.#want();
      if (this.#calls.isClientIdOver) this.reconnect();
      this.#calls.add({
        type,
        path,
        args,
        resolve,
        reject,
        stage: "queued",
        update: update && ((store) => update(store, given)),
      });
      this.#changed();
    });
  }

  // ── the connection ──

  /** How we are connected, and how many mutations wait. */
  get connection() {
    return {
      phase: this.#connection.phase,
      hasEverConnected: this.#identity !== undefined,
      pendingMutations: this.#calls.count("Mutate"),
    };
  }

  /** Calls back whenever any part of what `read` returns is another. */
  follow(read: () => readonly unknown[], listener: () => void): Cancel {
    return this.#listeners.add(read, listener);
  }

  /** Keeps the client from resting. Once released, it disconnects as soon as nothing is watched and no call is left. */
  hold(): Cancel {
    this.#isHeld = true;
    return () => {
      this.#isHeld = false;
      this.#scheduleFlush();
    };
  }

  /** For good. @param reason Why what has not been sent will not be. */
  close(reason = CLOSED): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#calls.drop("notSent", reason);
    this.#connection.end("stopped");
    this.#queries.clear();
    this.#sendQueue.close();
    this.#changed();
  }

  #want(): void {
    this.#connection.want();
    this.#scheduleFlush();
  }

  /** Connects again, so that the server looks again who we are. */
  reconnect(): void {
    this.#calls.renewClientId();
    this.#connection.renew();
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
      this.#environment.log.error(`The client resyncs: ${error}`, { error });
      this.#connection.leave(RESYNC);
    }
    this.#scheduleFlush();
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case "Connected":
        return this.#connected(message);
      case "Transition":
        return this.#transition(message);
      case "MutationSucceeded":
      case "ActionSucceeded":
        this.#calls.succeeded(message.request, fromWire(message.value));
        return this.#changed();
      case "MutationFailed":
      case "ActionFailed":
        this.#calls.failed(message.request, toFunctionError(message.error));
        return this.#changed();
      case "Draining":
        this.#connection.returnAfterMs = Math.ceil(message.returnAfterMs * (1 + this.#environment.random() / 4));
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
    const wasBound = isSomebodyElse && this.#calls.isClientIdUsed;
    this.#answers.connected(epoch);
    this.#identity = identity;
    if (isSomebodyElse) {
      this.#answers.forget();
      this.#calls.drop("identityChanged", "The identity changed.");
    }
    this.#connection.connected(limits);
    const isMissed = this.#preloaded.verify(identity);
    this.#changed();
    if (isMissed || wasBound) this.reconnect();
    else this.#noticeSynced();
  }

  #transition(transition: Transition): void {
    this.#answers.apply(transition);
    this.#calls.reflected(transition.reflected ?? []);
    this.#changed();
    this.#noticeSynced();
  }

  #noticeSynced(): void {
    if (!this.#queries.isWaiting) this.#connection.synced();
  }

  // ── what we say ──

  /** What is asked for in one tick is said together. */
  #scheduleFlush(): void {
    if (this.#isSpeakingSoon) return;
    this.#isSpeakingSoon = true;
    queueMicrotask(() => {
      this.#isSpeakingSoon = false;
      this.#sendQueue.send();
    });
  }

  /** Questions follow `Connect` at once; calls wait until the server has said who we are. */
  #next(): ClientMessage | undefined {
    const { phase, limits } = this.#connection;
    const question = this.#queries.next(limits);
    return question ?? (phase.state === "open" ? this.#calls.next(limits.unacknowledgedMutations) : undefined);
  }

  /**
   * Nothing more can be said now. What was sent too long ago is given up; a server that drains is left once it owes us
   * nothing; a client that nobody holds rests.
   */
  #flushed(): void {
    if (this.#calls.isOverdue) this.reconnect();
    this.#announce();
    if (this.#connection.returnAfterMs !== undefined && !this.#calls.isOwed) this.#connection.leave(NORMAL);
    if (!this.#isHeld && this.#queries.subscribed.length + this.#calls.size === 0) this.#connection.end("rested");
  }

  #refuse(query: QueryRecord, error: FunctionError): void {
    if (shownAnswer(query)?.result.error?.message === error.message) return;
    this.#answers.refuse(query, error);
    this.#changed();
  }

  #released(query: QueryRecord): void {
    this.#answers.released(query);
    this.#changed();
    this.#scheduleFlush();
  }

  // ── telling ──

  /**
   * The only way in which a change of what is shown reaches the page: all stores have changed by now, everybody is told
   * once. Guesses go in the very update that brings the results. After a reconnect the server may say what is reflected
   * before it has heard what we ask, while we show older answers: that waits until all of these are answered.
   */
  #changed(): void {
    if (!this.#answers.isCatchingUp) this.#calls.settle();
    this.#optimistic.replay();
    this.#announce();
  }

  /**
   * Follows the connection and the calls as well: for those who show them, and for whoever is about to leave. Comes by
   * at every attempt to connect, so that what is overdue needs no timer; while connected heartbeats see to that.
   */
  #announce(): void {
    if (this.#calls.isOverdue) this.#scheduleFlush();
    this.#askBeforeLeaving();
    this.#listeners.publish();
  }

  #askBeforeLeaving(): void {
    if (this.#calls.hasUnsent) this.#stopAsking ??= this.#tab.askBeforeLeaving();
    else {
      this.#stopAsking?.();
      this.#stopAsking = undefined;
    }
  }
}

const CLOSED = "The client is closed.";
