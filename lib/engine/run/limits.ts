import type { Limits } from "../../protocol/server-message.ts";
import { MAX_DEPTH } from "../../values/value-limits.ts";

/**
 * Bounds of the engine: `createEngine({ limits })` in `server.ts`. What happens at each is in `docs/limits.md`.
 *
 * @example
 * const engine = createEngine({ ...options, limits: { queryTimeoutMs: 5_000, subscriptions: 512 } });
 */
export interface EngineLimits {
  /** Bytes of the largest message that a client may send, and of the largest frame. @default 1 MiB */
  frameBytes: number;
  /** How deep arguments may be nested. At most 64: no value may be deeper. @default 64 */
  argsDepth: number;
  /** Live queries of one socket. @default 256 */
  subscriptions: number;
  /**
   * Bytes of the arguments of one query that is kept live, as wire text: of a subscription or a preload. A query that is
   * answered once may have as many as a message holds. @default 16 KiB
   */
  queryArgsBytes: number;
  /** Bytes of the arguments of all queries of one socket, and of refusals that it has yet to be told. @default 4 MiB */
  keptArgsBytes: number;
  /**
   * Bytes of all answers of live queries that a server keeps; at most an eighth of the heap. Above it the clients with the
   * greatest shares are closed. @default 128 MiB
   */
  serverAnswerBytes: number;
  /** A client whose share of the answers takes no more bytes is not closed for it. @default 16 MiB */
  keptAnswerBytes: number;
  /** Mutations of one socket that wait for their turn or run. @default 64 */
  queuedMutations: number;
  /**
   * Bytes of the mutations and actions of one socket that wait or run, where each list and object counts as 64 more,
   * each comma and colon outside of texts as 16: about the memory that they take. @default 8 MiB
   */
  keptMessageBytes: number;
  /** The same of all sockets of a server; at most an eighth of the heap. @default 128 MiB */
  serverMessageBytes: number;
  /** Milliseconds that a client whose calls take too many bytes is not heard without one of them ending. @default 30 000 */
  heldTimeoutMs: number;
  /** Actions of one socket that run. @default 16 */
  runningActions: number;
  /** Actions of this server that run, also those whose callers are gone. @default 1 000 */
  serverActions: number;
  /** Runs of one and the same action, of all callers. @default 250: a quarter of `serverActions` */
  functionActions: number;
  /** Actions of one address that run: over all its sockets and HTTP calls. Bounds trusted addresses only. @default 64 */
  addressActions: number;
  /** Messages that one socket may send each second, on average. @default 50 */
  messagesPerSecond: number;
  /** Messages that one socket may send at once, after a silence. @default 200 */
  messageBurst: number;
  /** Bytes, counted as for `keptMessageBytes`, that one socket may send each second, on average. @default 2 MiB */
  bytesPerSecond: number;
  /** Bytes that one socket may send at once, after a silence. @default 4 MiB */
  byteBurst: number;
  /** Milliseconds from the opening of a socket until it must have sent `Connect`. @default 5 000 */
  handshakeTimeoutMs: number;
  /** Milliseconds of silence after which a client is sent a ping. @default 15 000 */
  pingIntervalMs: number;
  /** Milliseconds of silence, the wait after a ping included, after which a socket is closed. @default 35 000 */
  silenceTimeoutMs: number;
  /** A client with more unread bytes than this is sent nothing until it has read; then, the state of that moment. @default 1 MiB */
  pauseAboveBytes: number;
  /** A client with more unread bytes than this, its last frame not counted, is closed. @default 8 MiB */
  dropAboveBytes: number;
  /** A client that has too much to read, and reads nothing for so many milliseconds, is closed. @default 30 000 */
  dropAfterMs: number;
  /** Milliseconds that a mutation's handler may take. @default 10 000 */
  mutationTimeoutMs: number;
  /** Milliseconds that a query's handler may take. @default 10 000 */
  queryTimeoutMs: number;
  /**
   * Milliseconds that the database may take for a statement of the framework itself (BEGIN, COMMIT); a connection that
   * takes longer is ended. And for how long a mutation without a connection is tried again. @default 10 000
   */
  databaseTimeoutMs: number;
  /** Milliseconds that an action may take. @default 600 000 */
  actionTimeoutMs: number;
  /**
   * Milliseconds that the queries which run together may take, all of them. For those that take longer only the clients
   * that watch them wait. Where statements do not overlap, as on the embedded databases, it is `slowQueryMs`. @default 50
   */
  batchMs: number;
  /** Milliseconds after which a query is slow: from then on its runs are apart from those of others. @default 250 */
  slowQueryMs: number;
  /** Bytes of the largest result of a function, as wire text. @default 8 MiB */
  resultBytes: number;
  /** Milliseconds that the answer of a preload is kept for its browser. @default 30 000 */
  preloadLeaseMs: number;
  /** Answers of preloads that are kept at once; the least recently used goes first. @default 1 000 */
  preloadLeases: number;
  /** Bytes of all answers of preloads that are kept. @default 64 MiB */
  preloadLeaseBytes: number;
  /** How often a mutation is run again after a conflict. @default 10 */
  conflictRetries: number;
  /** Milliseconds that a server that stops waits for mutations and actions that run. @default 12 000 */
  drainTimeoutMs: number;
}

const MIB = 1024 * 1024;

export const defaultLimits: EngineLimits = {
  frameBytes: 1024 * 1024,
  argsDepth: MAX_DEPTH,
  subscriptions: 256,
  queryArgsBytes: 16 * 1024,
  keptArgsBytes: 4 * 1024 * 1024,
  serverAnswerBytes: 128 * MIB,
  keptAnswerBytes: 16 * MIB,
  queuedMutations: 64,
  keptMessageBytes: 8 * MIB,
  serverMessageBytes: 128 * MIB,
  heldTimeoutMs: 30_000,
  runningActions: 16,
  serverActions: 1_000,
  functionActions: 250,
  addressActions: 64,
  messagesPerSecond: 50,
  messageBurst: 200,
  bytesPerSecond: 2 * MIB,
  byteBurst: 4 * MIB,
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
  batchMs: 50,
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
  const { serverActions = defaultLimits.serverActions } = given;
  const limits = { ...defaultLimits, functionActions: Math.ceil(serverActions / 4), ...given };
  if (limits.argsDepth <= MAX_DEPTH) return limits;
  throw new RangeError(
    `Expected limits.argsDepth of at most ${MAX_DEPTH}, as no value may be nested deeper. Found ${limits.argsDepth}.`,
  );
}

/** What a client is told of them, to keep within by itself. */
export function statedLimits(limits: EngineLimits): Limits {
  const { subscriptions, messagesPerSecond, bytesPerSecond, frameBytes, queryArgsBytes } = limits;
  const { pingIntervalMs, silenceTimeoutMs } = limits;
  return {
    subscriptions,
    unacknowledgedMutations: Math.min(32, limits.queuedMutations),
    unacknowledgedBytes: limits.keptMessageBytes / 2,
    messagesPerSecond,
    bytesPerSecond,
    frameBytes,
    queryArgsBytes,
    pingIntervalMs,
    silenceTimeoutMs,
  };
}
