import { type Cancel, machineEnvironment } from "../environment/environment.ts";
import type { QueryKey } from "../functions/query-key.ts";
import { NORMAL } from "../protocol/close-codes.ts";
import { UnavailableError } from "../protocol/function-error.ts";
import type { PreloadedAnswer } from "../protocol/preloaded.ts";
import { PROTOCOL_VERSION } from "../protocol/version.ts";
import { fromWire } from "../values/wire.ts";
import { admittedArgs } from "./calls/admit-call.ts";
import { withCallerStack } from "./calls/caller-stack.ts";
import type { OptimisticLocalStore } from "./calls/optimistic-update.ts";
import { type PendingCall, PendingCalls } from "./calls/pending-calls.ts";
import { browserTab } from "./connection/browser-tab.ts";
import type { ClientSocket } from "./connection/client-socket.ts";
import { Connection } from "./connection/connection.ts";
import { consoleLog } from "./console-log.ts";
import { messageReceiver, reconnect } from "./exchange/message-receiver.ts";
import { type SendQueue, sendQueue } from "./exchange/send-queue.ts";
import { PageUpdates } from "./page/page-updates.ts";
import type { RenderedAnswer } from "./queries/answer.ts";
import { PreloadedAnswers } from "./queries/preloaded-answers.ts";
import { shownAnswer } from "./queries/query-record.ts";
import type { Result } from "./queries/query-result.ts";
import { QuerySet } from "./queries/query-set.ts";
import { ServerAnswers } from "./queries/server-answers.ts";

/**
 * The client without types: by query keys and paths. It wires the stores to each other, to the server and to the page;
 * every change of a store ends in `PageUpdates.changed`.
 */
export class SyncClient {
  readonly #queries: QuerySet;
  readonly #answers: ServerAnswers;
  readonly #preloaded: PreloadedAnswers;
  readonly #calls: PendingCalls;
  readonly #page: PageUpdates;
  readonly #connection: Connection;
  readonly #sendQueue: SendQueue;
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
        this.#page.changed();
        this.#sendQueue.schedule();
      },
      refuse: (query, error) => {
        if (shownAnswer(query)?.result.error?.message === error.message) return; // refused before, and shown
        this.#answers.refuse(query, error);
        this.#page.changed();
      },
    });
    this.#answers = new ServerAnswers(this.#queries);
    this.#preloaded = new PreloadedAnswers(this.#queries, this.#answers);
    this.#calls = new PendingCalls(environment);
    this.#page = new PageUpdates(environment, tab, this.#queries, this.#answers, this.#calls, () =>
      this.#sendQueue.schedule(),
    );
    this.#connection = new Connection(environment, tab, {
      openSocket,
      opened: () =>
        this.#sendQueue.open({
          type: "Connect",
          protocol: PROTOCOL_VERSION,
          ...this.#calls.connectMessage(this.#connection.identity),
        }),
      message: (text) => {
        takeMessage(text);
        this.#sendQueue.schedule();
      },
      lost: () => {
        this.#answers.disconnected();
        this.#queries.disconnected();
        this.#calls.disconnected();
        this.#page.changed();
      },
      changed: () => this.#page.publish(),
      refused: (reason) => {
        environment.log.error(`The server refuses this client: ${reason}`);
        this.close(reason);
      },
    });
    this.#sendQueue = sendQueue(environment, this.#connection, this.#queries, this.#calls, () => this.#flushed());
    const takeMessage = messageReceiver(
      environment,
      this.#connection,
      this.#answers,
      this.#preloaded,
      this.#calls,
      () => this.#page.changed(),
    );
  }

  // ── results ──

  /** The result as the page shows it, with optimistic updates: the same object until it changes. */
  result(key: QueryKey): Result<unknown> {
    return this.#page.answers.result(key);
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
    this.#want();
    for (const key of keys) this.#queries.watch(key);
    const stop = this.#page.listeners.add(() => keys.map((key) => this.result(key)), listener);
    return () => {
      if (stop()) for (const key of keys) this.#queries.unwatch(key);
    };
  }

  /** Resolves when the server has answered, on this connection or a later one. All callers share one promise. */
  answered(key: QueryKey): Promise<void> {
    if (this.#isClosed) return Promise.reject(closedError());
    this.#want();
    return this.#page.waits.add(key);
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
      this.#page.changed();
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
      const { args, bytes } = admittedArgs(path, original, this.#calls.count(type), this.#connection.limits.frameBytes);
      const given = fromWire(args) as never;
      this.#want();
      if (this.#calls.isClientIdOver) this.reconnect();
      this.#calls.add({
        type,
        path,
        args,
        bytes,
        resolve,
        reject: process.env.NODE_ENV !== "production" ? withCallerStack(reject) : reject,
        stage: "queued",
        update: update && ((store) => update(store, given)),
      });
      this.#page.changed();
    });
  }

  // ── the connection ──

  /** The state of the connection, and how many mutations have not ended. */
  get connection() {
    return {
      phase: this.#connection.phase,
      hasEverConnected: this.#connection.identity !== undefined,
      pendingMutations: this.#calls.count("Mutate"),
    };
  }

  /** Calls back whenever any part of what `read` returns is another. */
  follow(read: () => readonly unknown[], listener: () => void): Cancel {
    return this.#page.listeners.add(read, listener);
  }

  /** Keeps the client connected. Once released, it disconnects as soon as nothing is watched and no call is left. */
  hold(): Cancel {
    this.#isHeld = true;
    return () => {
      this.#isHeld = false;
      this.#sendQueue.schedule();
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
    this.#page.waits.settle(closedError());
    this.#connection.end("stopped");
    this.#queries.clear();
    this.#sendQueue.close();
    this.#page.changed();
  }

  // ── sending ──

  #want(): void {
    this.#connection.want();
    this.#sendQueue.schedule();
  }

  /**
   * Nothing more can be sent now. What was sent too long ago is given up; a server that drains is left once it owes no
   * outcome; a client that is not held disconnects once nothing is subscribed to and no call is left.
   */
  #flushed(): void {
    if (this.#calls.isOverdue) this.reconnect();
    this.#page.publish();
    if (this.#connection.returnAfterMs !== undefined && !this.#calls.isOwed) this.#connection.leave(NORMAL);
    if (!this.#isHeld && this.#queries.subscribed.length + this.#calls.size === 0) this.#connection.end("rested");
  }
}

const CLOSED = "The client is closed.";

function closedError(): UnavailableError {
  return new UnavailableError("notSent", CLOSED);
}
