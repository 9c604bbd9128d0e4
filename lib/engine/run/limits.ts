import type { Limits } from "../../protocol/server-message.ts";
import { MAX_DEPTH } from "../../values/wire.ts";

/** Bounds of the engine; all can be set in `server.ts`. Milliseconds, bytes and counts. `PROTOCOL.md` says what happens at each. */
export interface EngineLimits {
  /** Largest message a client may send, and the largest frame. */
  frameBytes: number;
  /** How deep arguments may be nested. At most 64: no value may be deeper. */
  argsDepth: number;
  /** Live queries of one socket. */
  subscriptions: number;
  /**
   * Arguments of one query that is kept live, as wire text: of a subscription or a preload. A query that is answered
   * once may have as many as a message holds.
   */
  queryArgsBytes: number;
  /** Arguments of all queries of one socket together, and what it has yet to be told of refused ones. */
  keptArgsBytes: number;
  /** Mutations of one socket that wait for their turn or run. */
  queuedMutations: number;
  /** Actions of one socket that run. */
  runningActions: number;
  messagesPerSecond: number;
  messageBurst: number;
  handshakeTimeoutMs: number;
  pingIntervalMs: number;
  silenceTimeoutMs: number;
  /** A client with more unsent bytes than this is sent nothing until it has read; then it gets the state of that moment. */
  pauseAboveBytes: number;
  /** One with more than this, what was sent last not counted, is let go, and so is one that reads nothing for so long. */
  dropAboveBytes: number;
  dropAfterMs: number;
  mutationTimeoutMs: number;
  queryTimeoutMs: number;
  /**
   * What the framework itself asks of the database (a BEGIN, a COMMIT); a connection that takes longer is given up. And
   * how long a mutation that has no connection is tried again.
   */
  databaseTimeoutMs: number;
  actionTimeoutMs: number;
  /** A query that runs longer leaves the batch: only clients that watch it wait for it. */
  slowQueryMs: number;
  resultBytes: number;
  /** How long an answer of a preload waits for its browser. */
  preloadLeaseMs: number;
  preloadLeases: number;
  preloadLeaseBytes: number;
  /** How often a mutation is run again after a conflict. */
  conflictRetries: number;
  /** How long a server that stops waits for mutations and actions that run, and for the states that reflect them. */
  drainTimeoutMs: number;
}

export const defaultLimits: EngineLimits = {
  frameBytes: 1024 * 1024,
  argsDepth: MAX_DEPTH,
  subscriptions: 256,
  queryArgsBytes: 16 * 1024,
  keptArgsBytes: 4 * 1024 * 1024,
  queuedMutations: 64,
  runningActions: 16,
  messagesPerSecond: 50,
  messageBurst: 200,
  handshakeTimeoutMs: 5_000,
  pingIntervalMs: 15_000,
  silenceTimeoutMs: 35_000,
  pauseAboveBytes: 1024 * 1024,
  dropAboveBytes: 8 * 1024 * 1024,
  dropAfterMs: 30_000,
  mutationTimeoutMs: 10_000,
  queryTimeoutMs: 10_000,
  databaseTimeoutMs: 10_000,
  actionTimeoutMs: 600_000,
  slowQueryMs: 250,
  resultBytes: 8 * 1024 * 1024,
  preloadLeaseMs: 30_000,
  preloadLeases: 1_000,
  preloadLeaseBytes: 64 * 1024 * 1024,
  conflictRetries: 10,
  drainTimeoutMs: 12_000,
};

/** Limits that were called otherwise in versions before, and what they are called now. */
const RENAMED: Readonly<Record<string, keyof EngineLimits>> = {
  handshake: "handshakeTimeoutMs",
  pingEvery: "pingIntervalMs",
  deadAfter: "silenceTimeoutMs",
  pauseAbove: "pauseAboveBytes",
  dropAbove: "dropAboveBytes",
  dropAfter: "dropAfterMs",
  mutationTime: "mutationTimeoutMs",
  queryTime: "queryTimeoutMs",
  databaseTime: "databaseTimeoutMs",
  actionTime: "actionTimeoutMs",
  slowQuery: "slowQueryMs",
  preloadLease: "preloadLeaseMs",
  drainTime: "drainTimeoutMs",
};

/** The defaults, but for those given. @throws {RangeError} for an old name, and for what cannot be. */
export function limitsFrom(given: Partial<EngineLimits> = {}): EngineLimits {
  for (const name of Object.keys(given)) {
    const now = Object.hasOwn(RENAMED, name) ? RENAMED[name] : undefined;
    if (now) throw new RangeError(`limits.${name} is called limits.${now} now. Rename it where the engine is created.`);
  }
  const limits = { ...defaultLimits, ...given };
  if (limits.argsDepth <= MAX_DEPTH) return limits;
  throw new RangeError(
    `Expected limits.argsDepth of at most ${MAX_DEPTH}, as no value may be nested deeper. Found ${limits.argsDepth}.`,
  );
}

/** What a client is told of them, to keep within by itself. */
export function statedLimits(limits: EngineLimits): Limits {
  const { subscriptions, queuedMutations, messagesPerSecond, frameBytes, pingIntervalMs, silenceTimeoutMs } = limits;
  const unacknowledgedMutations = Math.min(32, queuedMutations);
  return { subscriptions, unacknowledgedMutations, messagesPerSecond, frameBytes, pingIntervalMs, silenceTimeoutMs };
}
