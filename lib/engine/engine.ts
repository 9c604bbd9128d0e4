import { getHeapStatistics } from "node:v8";
import { Callers } from "../auth/caller.ts";
import type { Casing, Driver } from "../database/driver/driver.ts";
import type { Environment } from "../environment/environment.ts";
import type { Identity } from "../functions/context.ts";
import type { RegisteredFunction } from "../functions/define.ts";
import type { Outcome } from "../protocol/outcome.ts";
import type { PreloadedAnswer } from "../protocol/preloaded.ts";
import type { SocketEvents, SocketLike } from "../protocol/socket.ts";
import type { Wire } from "../values/wire.ts";
import { AnswerTokens } from "./answers/answer-tokens.ts";
import { Actions } from "./calls/actions.ts";
import { Calls, type EngineCall } from "./calls/calls.ts";
import { FreshQueries } from "./calls/fresh-queries.ts";
import { QueryOnce } from "./calls/query-once.ts";
import type { CallSource } from "./calls/running-actions.ts";
import { type TellAnswer, WatchedQueries } from "./calls/watched-queries.ts";
import { ClientQueues } from "./client-records/client-queues.ts";
import { Mutations } from "./client-records/mutations.ts";
import { Transactions } from "./commits/transactions.ts";
import { AnswerBudget } from "./connections/answer-budget.ts";
import type { ClientConnectionParts } from "./connections/client-connection.ts";
import { ClientConnections } from "./connections/client-connections.ts";
import { LiveQueries } from "./queries/live-queries.ts";
import { LostAnswers } from "./queries/lost-answers.ts";
import { MissingInvalidations } from "./queries/missing-invalidations.ts";
import { PreloadLeases } from "./queries/preload-leases.ts";
import { RerunLoop } from "./rerun/rerun-loop.ts";
import { Failures } from "./run/failures.ts";
import { type EngineLimits, limitsFrom, statedLimits } from "./run/limits.ts";
import { LongWork } from "./run/long-work.ts";
import { MessageBudget } from "./run/message-budget.ts";
import { type FunctionModules, Registry } from "./run/registry.ts";
import { endsWithin } from "./run/time-limit.ts";
import { SharedTimers } from "./sockets/shared-timers.ts";
import { ConnectedFrames } from "./views/transition-frames.ts";

/** What an engine is made of. */
export interface EngineOptions {
  /** An open database; the engine does not close it. */
  driver: Driver;
  /** Clock, timers, random and log: `machineEnvironment(log)`, or a test's own. */
  environment: Environment;
  /** In development messages of internal errors reach the browser, and missing invalidations are looked for. */
  development: boolean;
  /** Other limits than the defaults. */
  limits?: Partial<EngineLimits>;
}

/** What the engine has done so far. Only ever grows. */
export interface EngineCounters {
  /** Runs of live queries. */
  readonly queryRuns: number;
  /** Results that were serialised. */
  readonly serialisations: number;
  /** Frames that were sent, of all sockets. */
  readonly sends: number;
  /** Runs that only looked for missing invalidations, in development. */
  readonly checkRuns: number;
}

/** Runs functions and keeps answers true. Knows no socket library, no Next, no HTTP. */
export interface Engine {
  /** Names this start of the engine. */
  readonly epoch: string;
  /** The limits in force: the defaults, and those given. */
  readonly limits: EngineLimits;
  /** What it has done so far. */
  readonly counters: EngineCounters;
  /** What calls take that wait or run. Who reads calls elsewhere, as over HTTP, counts them here. */
  readonly messageBudget: MessageBudget;
  /** Whose turn it is to keep the thread for long. Who reads calls elsewhere, as over HTTP, has its turns here. */
  readonly longWork: LongWork;
  /**
   * Why the last mutation could not write: `the disk is full`, `the database is read-only`. Undefined when one has
   * succeeded since.
   */
  readonly unwritable: string | undefined;
  /** The functions that are served, public and internal, by their paths. */
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
  /**
   * Serves these functions and this schema from now on; every live query is run again.
   * @param casing How columns without a name of their own are named in the database. Default: as in the schema.
   */
  useFunctions(modules: FunctionModules, schema: Record<string, unknown>, casing?: Casing): void;
  /** Development: tells every open page something that its author should see. */
  notice(message: string): void;
  /** Development: what every page is told that connects from now on, until it is replaced or, by undefined, taken back. */
  keepNotice(message: string | undefined): void;
  /**
   * Takes an accepted socket. Call what it returns as the socket's events happen.
   * @param source The client's `address`, where it can be trusted: see `CallSource`.
   */
  opened(socket: SocketLike, caller: Identity | null, source?: Pick<CallSource, "address">): SocketEvents;
  /** Answers a query for a page, and keeps the answer for the browser that will subscribe to it. */
  preload(path: string, args: Record<string, unknown>, caller: Identity | null): Promise<Outcome<PreloadedAnswer>>;
  /** Runs a function once. Never rejects: what went wrong is in the outcome. @returns its result in wire form. */
  call(request: EngineCall): Promise<Outcome<Wire>>;
  /** The same. @returns its result as wire text, to be sent as it is. */
  callAsText(request: EngineCall): Promise<Outcome<string>>;
  /**
   * Tells the answer of a query, and each later one, also under functions that are loaded later.
   * @param request Of a query. Its `signal` ends it.
   * @returns a promise that resolves when nothing more is told: the signal is aborted, `tell` has thrown, or the server stops.
   */
  watch(request: EngineCall, tell: TellAnswer): Promise<void>;
  /**
   * Runs a query, public or internal, by which `identify` decides who is calling: for an anonymous caller, in a snapshot of
   * its own that holds every commit known at the call. The result is kept for no other.
   * @param query A reference to the query.
   * @throws what the query throws, and an error when it takes longer than 5 s.
   */
  queryFresh(query: unknown, args?: Record<string, unknown>): Promise<unknown>;
  /**
   * Resolves when no mutation of a client waits or runs, nothing is stale but queries that wait their turn on the only
   * connection, and every transition due has been sent.
   */
  settled(): Promise<void>;
  /**
   * Tells every client to come back later, and begins nothing more for any of them. Resolves when the mutations and
   * actions that run have ended and their clients have been told, or after `limits.drainTimeoutMs`: then the actions are
   * told to stop, by their `signal`.
   */
  drain(): Promise<void>;
  /** Closes every socket, and resolves when no query runs any more. The database stays open. */
  close(): Promise<void>;
}

/**
 * Makes an engine: it runs the functions of `convex/` on a database and keeps every client's answers up to date. It only
 * wires its parts.
 * @throws {RangeError} for limits that cannot be, and for a limit's old name.
 * @example
 * const engine = createEngine({ driver: database, environment: machineEnvironment(log), development: false });
 * engine.useFunctions(modules, schema);
 */
export function createEngine(options: EngineOptions): Engine {
  const { driver, environment, development } = options;
  const limits = limitsFrom(options.limits);
  const epoch = environment.randomId().slice(0, 12);
  const counters = { queryRuns: 0, serialisations: 0, sends: 0, checkRuns: 0 };
  const failures = new Failures(environment, development, limits);
  const secret = driver.secret ?? environment.randomId();
  const callers = new Callers(secret);
  let functions = new Registry({});
  let keptNotice: string | undefined;
  const registry = () => functions;

  const liveQueries = new LiveQueries();
  const longWork = new LongWork(environment);
  const transactions = new Transactions(driver, environment, limits, (revision, invalidations, by) => {
    liveQueries.invalidate(invalidations, revision);
    if (development && by !== undefined) missingInvalidations.committed(by, revision, invalidations);
    rerunLoop.wake();
  });
  const heap = getHeapStatistics().heap_size_limit;
  const answerBudget = new AnswerBudget(
    Math.min(limits.serverAnswerBytes, heap / 8),
    limits,
    liveQueries,
    environment.log,
  );
  const connections = new ClientConnections(() => environment.random(), answerBudget);
  const rerunLoop: RerunLoop = new RerunLoop({
    driver,
    environment,
    limits,
    transactions,
    liveQueries,
    failures,
    tokens: new AnswerTokens(secret),
    longWork,
    counters,
    registry,
    sink: () => connections,
  });
  const missingInvalidations: MissingInvalidations = new MissingInvalidations({
    environment,
    limits,
    transactions,
    liveQueries,
    counters,
    registry,
  });
  const lostAnswers = development ? new LostAnswers(environment.log) : undefined;
  const queryOnce = new QueryOnce({ environment, limits, transactions, liveQueries, rerunLoop });
  const watchedQueries = new WatchedQueries({ queryOnce, liveQueries, wake: () => rerunLoop.wake() });
  const leases = new PreloadLeases(environment, limits, liveQueries);
  const holdsNul = driver.dialect !== "pg";
  const mutations = new Mutations({
    ...{ environment, limits, transactions, failures, holdsNul, registry },
    warn: development ? warnAuthor : undefined,
  });
  const messageBudget = new MessageBudget(Math.min(limits.serverMessageBytes, heap / 8));
  const clientQueues = new ClientQueues(mutations, environment, messageBudget);
  const actions = new Actions({ environment, limits, transactions, mutations, queryOnce, registry });
  const freshQueries = new FreshQueries({ driver, environment, transactions, callers, registry });
  const calls = new Calls({
    ...{ limits, callers, failures, queryOnce, watchedQueries, leases, mutations, actions, holdsNul, epoch },
    registry,
  });

  /** In the terminal and in open pages. */
  function warnAuthor(message: string): void {
    environment.log.warn(message);
    connections.notice(message);
  }

  async function whatRunsEnds(): Promise<void> {
    await Promise.all([clientQueues.settled(), actions.settled()]);
    await mutations.forgetCalls();
    await rerunLoop.settled();
  }

  const connectionParts: ClientConnectionParts = {
    environment,
    limits,
    timers: new SharedTimers(environment),
    connected: new ConnectedFrames({ type: "Connected", epoch, limits: statedLimits(limits) }),
    failures,
    liveQueries,
    messageBudget,
    longWork,
    clientQueues,
    counters,
    keptNotice: () => keptNotice,
    functionsMayChange: development,
    lostAnswers,
    resolveKept: (path, args, bytes) => calls.resolveKept(path, args, bytes),
    runAction: (path, args, caller, source) => calls.runAction(path, args, caller, source),
    wake(connection) {
      connections.markWaiting(connection);
      rerunLoop.wake();
    },
    framesOf: (revision) => connections.framesOf(revision),
    ended: (connection) => connections.delete(connection),
  };

  return {
    epoch,
    limits,
    counters,
    messageBudget,
    longWork,

    get unwritable() {
      return transactions.writability.reason;
    },

    get functions() {
      return functions.all;
    },

    useFunctions(modules, schema, casing) {
      functions = new Registry(modules);
      driver.useSchema(schema, casing);
      missingInvalidations.forget();
      lostAnswers?.forget();
      liveQueries.replaceFunctions((path) => functions.find("query", path));
      connections.rebindAll();
      watchedQueries.rebindAll();
      rerunLoop.wake();
    },

    notice: (message) => connections.notice(message),

    keepNotice(message) {
      keptNotice = message;
    },

    opened: (socket, caller, source) =>
      connections.open(connectionParts, socket, callers.of(caller), source?.address).line,

    preload: (path, args, caller) => calls.preload(path, args, caller),

    call: (request) => calls.call(request),
    callAsText: (request) => calls.callAsText(request),
    watch: (request, tell) => calls.watch(request, tell),

    queryFresh: (query, args) => freshQueries.run(query, args),

    async settled() {
      await clientQueues.settled();
      await missingInvalidations.settled();
      await rerunLoop.settled();
    },

    async drain() {
      connections.drain();
      watchedQueries.close();
      if (await endsWithin(environment, limits.drainTimeoutMs, whatRunsEnds())) return;
      actions.stop();
      const time = `${limits.drainTimeoutMs} ms`;
      environment.log.warn(`Stopping does not wait longer than ${time} for mutations and actions that run.`);
    },

    async close() {
      connections.close();
      watchedQueries.close();
      actions.stop();
      leases.close();
      mutations.close();
      transactions.close();
      await missingInvalidations.close();
      await freshQueries.settled();
      await rerunLoop.close();
    },
  };
}
