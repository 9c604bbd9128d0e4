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
  handshake: number;
  pingEvery: number;
  deadAfter: number;
  /** A client with more unsent bytes than this is sent nothing until it has read; then it gets the state of that moment. */
  pauseAbove: number;
  /** One with more than this, what was sent last not counted, is let go, and so is one that reads nothing for so long. */
  dropAbove: number;
  dropAfter: number;
  mutationTime: number;
  queryTime: number;
  /**
   * What the framework itself asks of the database (a BEGIN, a COMMIT); a connection that takes longer is given up. And
   * how long a mutation that has no connection is tried again.
   */
  databaseTime: number;
  actionTime: number;
  /** A query that runs longer leaves the batch: only clients that watch it wait for it. */
  slowQuery: number;
  resultBytes: number;
  /** How long an answer of a preload waits for its browser. */
  preloadLease: number;
  preloadLeases: number;
  preloadLeaseBytes: number;
  /** How often a mutation is run again after a conflict. */
  conflictRetries: number;
  /** How long a server that stops waits for mutations and actions that run, and for the states that reflect them. */
  drainTime: number;
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
  handshake: 5_000,
  pingEvery: 15_000,
  deadAfter: 35_000,
  pauseAbove: 1024 * 1024,
  dropAbove: 8 * 1024 * 1024,
  dropAfter: 30_000,
  mutationTime: 10_000,
  queryTime: 10_000,
  databaseTime: 10_000,
  actionTime: 600_000,
  slowQuery: 250,
  resultBytes: 8 * 1024 * 1024,
  preloadLease: 30_000,
  preloadLeases: 1_000,
  preloadLeaseBytes: 64 * 1024 * 1024,
  conflictRetries: 10,
  drainTime: 12_000,
};

/** The defaults, but for those given. @throws {RangeError} for what cannot be. */
export function limitsFrom(given: Partial<EngineLimits> = {}): EngineLimits {
  const limits = { ...defaultLimits, ...given };
  if (limits.argsDepth <= MAX_DEPTH) return limits;
  throw new RangeError(
    `Expected limits.argsDepth of at most ${MAX_DEPTH}, as no value may be nested deeper. Found ${limits.argsDepth}.`,
  );
}

/** What a client is told of them, to keep within by itself. */
export function statedLimits(limits: EngineLimits): Limits {
  const { subscriptions, queuedMutations, messagesPerSecond, frameBytes, pingEvery, deadAfter } = limits;
  const unacknowledgedMutations = Math.min(32, queuedMutations);
  return { subscriptions, unacknowledgedMutations, messagesPerSecond, frameBytes, pingEvery, deadAfter };
}
