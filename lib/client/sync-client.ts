import { type Cancel, type Log, machineEnvironment } from "../environment/environment.ts";
import type { QueryKey } from "../functions/query-key.ts";
import { NORMAL } from "../protocol/close-codes.ts";
import { UnavailableError } from "../protocol/function-error.ts";
import type { PreloadedAnswer } from "../protocol/preloaded.ts";
import { isSame } from "../values/share.ts";
import { fromWire } from "../values/wire.ts";
import { admittedArgs } from "./calls/admit-call.ts";
import { withCallerStack } from "./calls/caller-stack.ts";
import type { OptimisticLocalStore } from "./calls/optimistic-update.ts";
import { type PendingCall, PendingCalls } from "./calls/pending-calls.ts";
import { type BrowserTab, browserTab } from "./connection/browser-tab.ts";
import type { ClientSocket } from "./connection/client-socket.ts";
import { Connection } from "./connection/connection.ts";
import { consoleLog } from "./console-log.ts";
import { messageReceiver, reconnect } from "./exchange/message-receiver.ts";
import { OptimisticAnswers } from "./page/optimistic-answers.ts";
import type { RenderedAnswer } from "./queries/answer.ts";
import { PreloadedAnswers } from "./queries/preloaded-answers.ts";
import { shownAnswer } from "./queries/query-record.ts";
import type { Result } from "./queries/query-result.ts";
import { QuerySet } from "./queries/query-set.ts";
import { ServerAnswers } from "./queries/server-answers.ts";

/**
 * The client without types: by query keys and paths. It wires the stores to each other, to the server and to the page;
 * every change of a store ends in `#changed`.
 */
export class SyncClient {
  readonly #queries: QuerySet;
  readonly #answers: ServerAnswers;
  readonly #preloaded: PreloadedAnswers;
  readonly #calls: PendingCalls;
  readonly #shown: OptimisticAnswers;
  readonly #connection: Connection;
  readonly #log: Log;
  readonly #tab: BrowserTab;
  /** Each looks whether what it reads has changed, and tells who follows it. */
  readonly #listeners = new Set<() => void>();
  /** What `answered` returned, until it is settled. */
  readonly #waits = new Map<QueryKey, Promise<void>>();
  /** Defined while the browser asks before the page is left. */
  #cancelPrompt: Cancel | undefined;
  #isClosed = false;
  #isHeld = true;

  /**
   * It does not connect yet: safe while rendering, on a server too.
   * @param openSocket Makes a socket to the server. Not called before something is watched or called.
   * @param environment Default: the machine's.
   * @param tab Default: the page around.
   */
  constructor(openSocket: () => ClientSocket, environment = machineEnvironment(consoleLog), tab = browserTab()) {
    this.#queries = new QuerySet(environment, {
      sent: (query) => this.#answers.sent(query),
      released: (query) => {
        this.#answers.released(query);
        this.#changed();
        this.#connection.schedule();
      },
      refuse: (query, error) => {
        if (shownAnswer(query)?.result.error?.message === error.message) return; // refused before, and shown
        this.#answers.refuse(query, error);
        this.#changed();
      },
    });
    this.#answers = new ServerAnswers(this.#queries);
    this.#preloaded = new PreloadedAnswers(this.#queries, this.#answers);
    this.#calls = new PendingCalls(environment);
    this.#shown = new OptimisticAnswers(this.#queries, this.#calls, environment.log);
    this.#log = environment.log;
    this.#tab = tab;
    this.#connection = new Connection(environment, tab, {
      openSocket,
      connectMessage: () => this.#calls.connectMessage(this.#connection.identity),
      // Subscriptions follow `Connect` at once; calls wait for `Connected`, which says under which identity they run.
      next: () => {
        const { isOpen, limits } = this.#connection;
        return this.#queries.next(limits) ?? (isOpen ? this.#calls.next(limits) : undefined);
      },
      flushed: () => this.#flushed(),
      message: (message) => takeMessage(message),
      lost: () => {
        this.#answers.lost();
        this.#queries.lost();
        this.#calls.lost();
        this.#changed();
      },
      refused: (reason) => {
        environment.log.error(`The server refuses this client: ${reason}`);
        this.close(reason);
      },
    });
    const takeMessage = messageReceiver(
      environment,
      this.#connection,
      this.#answers,
      this.#preloaded,
      this.#calls,
      () => this.#changed(),
    );
  }

  // ── results ──

  /** The result as the page shows it, with optimistic updates: the same object until it changes. */
  result(key: QueryKey): Result<unknown> {
    return this.#shown.result(key);
  }

  /** The server's own answer, without optimistic updates. Undefined while there is none. */
  serverResult(key: QueryKey): Result<unknown> | undefined {
    return shownAnswer(this.#queries.get(key))?.result;
  }

  /**
   * Keeps the queries live until stopped.
   * @param listener Called once for each update that changes any number of their results.
   */
  watch(keys: readonly QueryKey[], listener: () => void): Cancel {
    if (this.#isClosed) return () => {};
    this.#connection.want();
    for (const key of keys) this.#queries.watch(key);
    const stop = this.follow(() => keys.map((key) => this.result(key)), listener);
    return () => {
      if (stop()) for (const key of keys) this.#queries.unwatch(key);
    };
  }

  /** Resolves when the server has answered, on this connection or a later one. All callers share one promise. */
  answered(key: QueryKey): Promise<void> {
    if (this.#isClosed) return Promise.reject(closedError());
    this.#connection.want();
    const isAnswered = () => this.#queries.get(key)?.stage === "answered";
    let answered = isAnswered() ? Promise.resolve() : this.#waits.get(key);
    if (answered === undefined) {
      answered = new Promise((resolve, reject) => {
        this.#queries.watch(key);
        const stop = this.follow(
          () => [isAnswered() || this.#isClosed],
          () => {
            stop();
            this.#queries.unwatch(key);
            this.#waits.delete(key);
            if (this.#isClosed) reject(closedError());
            else resolve();
          },
        );
      });
      answered.catch(() => {}); // a rejection is not reported as unhandled when its caller has stopped listening
      this.#waits.set(key, answered);
    }
    return answered;
  }

  /** Expects the server to answer `key` as it has answered `like`: not shown before it has, but not sent if equal. */
  seedFrom(key: QueryKey, like: QueryKey): void {
    this.#answers.seedFrom(key, like);
  }

  /**
   * Takes an answer that came with the page. Safe while rendering: listeners are called later.
   * @returns the answer as the server rendered it, whatever newer answer there is by now.
   */
  ingest(preloaded: PreloadedAnswer): RenderedAnswer {
    const read = this.#preloaded.read(preloaded);
    this.#preloaded.take(read, this.#connection.identity);
    queueMicrotask(() => {
      if (this.#connection.isOpen && this.#preloaded.verify(this.#connection.identity)) this.reconnect();
      this.#changed();
    });
    return read;
  }

  // ── calls ──

  /** @param update The optimistic update of a mutation. */
  call(
    type: PendingCall["type"],
    path: string,
    original: Record<string, unknown> | undefined,
    update?: (localStore: OptimisticLocalStore, args: never) => void,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw closedError();
      const admitted = admittedArgs(path, original, this.#calls.count(type), this.#connection.limits.frameBytes);
      const given = fromWire(admitted.args) as never;
      this.#connection.want();
      if (this.#calls.isClientIdOver) this.reconnect();
      this.#calls.add({
        type,
        path,
        ...admitted,
        resolve,
        reject: process.env.NODE_ENV !== "production" ? withCallerStack(reject) : reject,
        stage: "queued",
        update: update && ((store) => update(store, given)),
      });
      this.#changed();
    });
  }

  // ── the connection ──

  /** For `ConnectionStatus`, which is only in some bundles. */
  get parts() {
    return [this.#connection, this.#calls] as const;
  }

  /**
   * Calls back after each update that changes any part of what `read` returns.
   * @param read Returns the same number of parts each time, and the same objects until they change.
   * @returns stops it, and returns whether it was not stopped yet.
   */
  follow(read: () => readonly unknown[], listener: () => void): () => boolean {
    let before = read();
    const look = () => {
      const now = read();
      if (isSame(now, before)) return;
      before = now;
      listener();
    };
    this.#listeners.add(look);
    return () => this.#listeners.delete(look);
  }

  /** Keeps the client connected. Once released, it disconnects as soon as nothing is watched and no call is left. */
  hold(): Cancel {
    this.#isHeld = true;
    return () => {
      this.#isHeld = false;
      this.#connection.schedule();
    };
  }

  /** Connects again, under a new client id if no mutation is lost by it: the server identifies the caller anew. */
  reconnect(): void {
    reconnect(this.#calls, this.#connection);
  }

  /** For good. @param reason Why calls that have not been sent never will be. */
  close(reason = CLOSED): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#calls.drop("notSent", reason);
    this.#connection.end("stopped");
    this.#queries.clear();
    this.#changed();
  }

  // ── updates ──

  /**
   * The only way in which a change of what is shown reaches the page: after all stores have changed, so that listeners
   * see one state, and optimistic updates end in the very update that brings their results. After a reconnect the server
   * may say what is reflected before it knows the subscriptions, while older answers are shown: mutations settle once
   * all of these are answered.
   */
  #changed(): void {
    if (!this.#answers.isCatchingUp) this.#calls.settle();
    this.#shown.replay();
    this.#publish();
  }

  /**
   * Tells the page of answers, calls and the state of the connection. The browser asks before the page is left while a
   * mutation would be lost that was not sent on this connection.
   */
  #publish(): void {
    if (this.#calls.hasUnsent) this.#cancelPrompt ??= this.#tab.askBeforeLeaving();
    else {
      this.#cancelPrompt?.();
      this.#cancelPrompt = undefined;
    }
    for (const look of [...this.#listeners]) {
      try {
        look();
      } catch (error) {
        this.#log.error(`A listener threw: ${error}`, { error });
      }
    }
  }

  // ── sending ──

  /**
   * Nothing more can be sent now. What was sent too long ago is given up; a server that drains is left once it owes no
   * outcome; a client that is not held disconnects once nothing is subscribed to and no call is left.
   */
  #flushed(): void {
    if (this.#calls.isOverdue) this.reconnect();
    this.#publish();
    if (this.#connection.returnAfterMs !== undefined && !this.#calls.isOwed) this.#connection.leave(NORMAL);
    if (!this.#isHeld && this.#queries.subscribed.length + this.#calls.size === 0) this.#connection.end("idle");
  }
}

const CLOSED = "The client is closed.";

function closedError(): UnavailableError {
  return new UnavailableError("notSent", CLOSED);
}
