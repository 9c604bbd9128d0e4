import { type Caller, callerOf } from "../auth/caller.ts";
import type { Driver } from "../database/driver/driver.ts";
import type { Environment } from "../environment/environment.ts";
import type { Identity } from "../functions/context.ts";
import type { RegisteredFunction } from "../functions/define.ts";
import type { FunctionKind } from "../functions/reference.ts";
import type { Outcome } from "../protocol/outcome.ts";
import type { PreloadedAnswer } from "../protocol/preloaded.ts";
import type { SocketEvents, SocketLike } from "../protocol/socket.ts";
import { toWire, type Wire } from "../values/wire.ts";
import { Actions } from "./calls/actions.ts";
import { QueryOnce } from "./calls/query-once.ts";
import { ClientQueues } from "./client-records/client-queues.ts";
import { Mutations } from "./client-records/mutations.ts";
import { Transactions } from "./commits/transactions.ts";
import { ClientConnection, type ClientConnectionParts } from "./connections/client-connection.ts";
import { ClientConnections } from "./connections/client-connections.ts";
import { SharedTimers } from "./connections/shared-timers.ts";
import { LiveQueries } from "./queries/live-queries.ts";
import { MissingInvalidations } from "./queries/missing-invalidations.ts";
import { PreloadLeases } from "./queries/preload-leases.ts";
import { RerunLoop } from "./rerun/rerun-loop.ts";
import { argumentBytes, checkKeptArguments, parseArguments, readArguments } from "./run/arguments.ts";
import { BadRequestError, Failures, UnknownFunctionError } from "./run/failures.ts";
import { type EngineLimits, limitsFrom, statedLimits } from "./run/limits.ts";
import { type FunctionModules, Registry } from "./run/registry.ts";
import type { Call } from "./run/run.ts";
import { ConnectedFrames } from "./views/transition-frames.ts";

export type { FunctionModules } from "./run/registry.ts";

export interface EngineOptions {
  /** An open database; the engine does not close it. */
  driver: Driver;
  environment: Environment;
  /** In development messages of internal errors reach the browser. */
  development: boolean;
  limits?: Partial<EngineLimits>;
}

/** One function to run for somebody. */
export interface EngineCall {
  kind: FunctionKind;
  path: string;
  args: Record<string, unknown>;
  caller: Identity | null;
  /** May it be an internal function? For the command line only. */
  internal?: boolean;
}

/** What the engine has done so far. Only ever grows. */
export interface EngineCounters {
  readonly queryRuns: number;
  readonly serialisations: number;
  readonly sends: number;
  /** Runs that only looked for missing invalidations, in development. */
  readonly checkRuns: number;
}

/** Runs functions and keeps answers true. Knows no socket library, no Next, no HTTP. */
export interface Engine {
  /** Names this start of the engine. */
  readonly epoch: string;
  readonly limits: EngineLimits;
  readonly counters: EngineCounters;
  /** Serves these functions and this schema from now on; every live query is run again. */
  useFunctions(modules: FunctionModules, schema: Record<string, unknown>): void;
  /** Development: tells every open page something that its author should see. */
  notice(message: string): void;
  /** Development: what every page is told that connects from now on, until it is replaced or, by undefined, taken back. */
  keepNotice(message: string | undefined): void;
  /** Takes an accepted socket. Call what it returns as the socket's events happen. */
  opened(socket: SocketLike, caller: Identity | null): SocketEvents;
  /** Answers a query for a page, and keeps the answer for the browser that will subscribe to it. */
  preload(path: string, args: Record<string, unknown>, caller: Identity | null): Promise<Outcome<PreloadedAnswer>>;
  call(request: EngineCall): Promise<Outcome<Wire>>;
  /** Resolves when no mutation of a client waits or runs, nothing is stale, and every transition due has been sent. */
  settled(): Promise<void>;
  /**
   * Tells every client to come back later, and begins nothing more for any of them. Resolves when the mutations and
   * actions that run have ended and their clients have been told, or after `limits.drainTimeoutMs`.
   */
  drain(): Promise<void>;
  close(): Promise<void>;
}

const DRAIN_SPREAD = 2_000;

/** Wires the parts of the engine, and only wires. */
export function createEngine(options: EngineOptions): Engine {
  const { driver, environment, development } = options;
  const limits = limitsFrom(options.limits);
  const epoch = environment.randomId().slice(0, 12);
  const counters = { queryRuns: 0, serialisations: 0, sends: 0, checkRuns: 0 };
  const failures = new Failures(environment, development);
  let functions = new Registry({});
  let keptNotice: string | undefined;
  let draining = false;
  const registry = () => functions;

  const liveQueries = new LiveQueries();
  const transactions = new Transactions(driver, environment, limits, (revision, invalidations, by) => {
    liveQueries.invalidate(invalidations, revision);
    if (development && by !== undefined) missingInvalidations.committed(by, revision, invalidations);
    rerunLoop.wake();
  });
  const connections = new ClientConnections();
  const rerunLoop: RerunLoop = new RerunLoop({
    driver,
    environment,
    limits,
    transactions,
    liveQueries,
    failures,
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
  const queryOnce = new QueryOnce({ environment, limits, transactions, liveQueries, rerunLoop });
  const leases = new PreloadLeases(environment, limits, liveQueries);
  const mutations = new Mutations({ environment, limits, transactions, failures, registry });
  const clientQueues = new ClientQueues(mutations, environment);
  const actions = new Actions({ environment, limits, transactions, mutations, queryOnce, registry });

  function resolve(kind: FunctionKind, path: string, args: Record<string, unknown>, internal = false): Call {
    const fn = functions.find(kind, path);
    if (!fn || (fn.visibility === "internal" && !internal)) {
      throw new UnknownFunctionError(
        `There is no public ${kind} "${path}". Check its name and that its file exports it.`,
      );
    }
    return { fn, path, args: parseArguments(fn, path, args) };
  }

  /** Whatever goes wrong in `body` becomes the error its caller gets. */
  async function outcomeOf<T>(path: string, fn: RegisteredFunction | undefined, body: () => Promise<Outcome<T>>) {
    try {
      return await body();
    } catch (error) {
      return { ok: false as const, error: failures.toWireError(error, path, fn) };
    }
  }

  async function run(call: Call, caller: Caller): Promise<Outcome<string>> {
    switch (call.fn.kind) {
      case "query": {
        const { answer } = await queryOnce.answer(call, caller);
        return answer.ok ? { ok: true, value: answer.valueText } : { ok: false, error: answer.error };
      }
      case "mutation":
        return { ok: true, value: await mutations.applyOnce(call, caller) };
      case "action":
        return { ok: true, value: await actions.run(call, caller) };
    }
  }

  async function runAction(path: string, args: Record<string, Wire>, caller: Caller): Promise<Outcome<string>> {
    return outcomeOf(path, functions.find("action", path), () =>
      run(resolve("action", path, readArguments(args, limits.argsDepth)), caller),
    );
  }

  /** Clients are told to come back spread out, so that the next server is not asked by all of them at once. */
  function drainConnection(connection: ClientConnection): void {
    connection.drain(Math.round(environment.random() * DRAIN_SPREAD));
  }

  async function whatRunsEnds(): Promise<void> {
    await Promise.all([clientQueues.settled(), actions.settled()]);
    await rerunLoop.settled();
  }

  const connectionParts: ClientConnectionParts = {
    environment,
    limits,
    timers: new SharedTimers(environment),
    connected: new ConnectedFrames({ type: "Connected", epoch, limits: statedLimits(limits) }),
    failures,
    liveQueries,
    clientQueues,
    counters,
    keptNotice: () => keptNotice,
    functionsMayChange: development,
    resolveKept(path, args, bytes) {
      checkKeptArguments(path, bytes, limits);
      return resolve("query", path, readArguments(args, limits.argsDepth));
    },
    runAction,
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

    useFunctions(modules, schema) {
      functions = new Registry(modules);
      driver.useSchema(schema);
      missingInvalidations.forget();
      for (const { call, waiters } of liveQueries.clear()) {
        const fn = functions.find("query", call.path);
        for (const waiter of waiters) {
          if (!fn) waiter.reject(new BadRequestError(`There is no query "${call.path}" any more.`));
          else liveQueries.addWaiter({ ...call, fn }, waiter);
        }
      }
      for (const connection of connections.all) connection.view.rebindAll();
      rerunLoop.wake();
    },

    notice(message) {
      for (const connection of connections.all) connection.notice(message);
    },

    keepNotice(message) {
      keptNotice = message;
    },

    opened(socket, caller) {
      const connection = new ClientConnection(connectionParts, socket, callerOf(caller));
      connections.add(connection);
      if (draining) drainConnection(connection);
      return connection;
    },

    preload(path, args, identity) {
      const fn = functions.find("query", path);
      return outcomeOf<PreloadedAnswer>(path, fn, async () => {
        const caller = callerOf(identity);
        const wireArgs = toWire(args) as Record<string, Wire>;
        checkKeptArguments(path, argumentBytes(wireArgs), limits);
        const call = resolve("query", path, args);
        const { answer, revision } = await queryOnce.answer(call, caller, (live) => leases.hold(live));
        if (!answer.ok) return { ok: false, error: answer.error };
        return {
          ok: true,
          value: {
            path,
            args: wireArgs,
            text: answer.valueText,
            hash: answer.hash,
            epoch,
            at: revision,
            identity: caller.fingerprint,
          },
        };
      });
    },

    call({ kind, path, args, caller, internal }) {
      return outcomeOf<Wire>(path, functions.find(kind, path), async () => {
        const outcome = await run(resolve(kind, path, args, internal), callerOf(caller));
        return outcome.ok ? { ok: true, value: JSON.parse(outcome.value) as Wire } : outcome;
      });
    },

    async settled() {
      await clientQueues.settled();
      await missingInvalidations.settled();
      await rerunLoop.settled();
    },

    async drain() {
      draining = true;
      for (const connection of [...connections.all]) drainConnection(connection);
      const tooLong = Promise.withResolvers<void>();
      const cancel = environment.after(limits.drainTimeoutMs, () => {
        environment.log.warn(
          `Stopping does not wait longer than ${limits.drainTimeoutMs} ms for mutations and actions that run.`,
        );
        tooLong.resolve();
      });
      await Promise.race([whatRunsEnds(), tooLong.promise]).finally(cancel);
    },

    async close() {
      for (const connection of [...connections.all]) connection.close(1012, "The server restarts.");
      leases.close();
      transactions.close();
      await missingInvalidations.close();
      await rerunLoop.close();
    },
  };
}
