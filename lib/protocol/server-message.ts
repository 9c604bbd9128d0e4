import { z } from "zod";
import type { Wire } from "../values/wire.ts";
import type { UnavailableReason, WireError } from "./outcome.ts";

const wire = z.unknown() as unknown as z.ZodType<Wire>;
const reasons = {
  notSent: "notSent",
  overloaded: "overloaded",
  timedOut: "timedOut",
  identityChanged: "identityChanged",
  outcomeUnknown: "outcomeUnknown",
} as const satisfies { [Reason in UnavailableReason]: Reason };
/** Why a call is `unavailable`. */
export const unavailableReason = z.enum(reasons);

const wireError = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.enum(["application", "badRequest", "internal"]) }),
  z.looseObject({ kind: z.literal("unavailable"), reason: unavailableReason }),
]) as unknown as z.ZodType<WireError>;
const queryId = z.int().min(1);
const liveId = z.int().min(1);
const requestId = z.int().min(1);
/** The revision of all of the client's answers after this message. */
const revision = z.int().min(0);

/** The limits that the client keeps to by itself. */
export const limits = z.object({
  subscriptions: z.int(),
  unacknowledgedMutations: z.int(),
  /** Bytes of the arguments of mutations that were sent and have no outcome; one may be larger alone. */
  unacknowledgedBytes: z.int(),
  messagesPerSecond: z.int(),
  bytesPerSecond: z.int(),
  frameBytes: z.int(),
  queryArgsBytes: z.int(),
  pingIntervalMs: z.int(),
  silenceTimeoutMs: z.int(),
});

/** The answer to `Connect`. */
const connected = z.object({
  type: z.literal("Connected"),
  /** Names this start of the engine. Revisions can be compared within one epoch only. */
  epoch: z.string(),
  /** A fingerprint of the caller's whole identity; null for an anonymous caller. */
  identity: z.string().nullable(),
  limits,
});

/**
 * What a list loses and gains at one place, `[at, removed, ...rows]`: `rows` replace the `removed` rows from `at` on.
 * `at` is an index in the list before all splices. A negative one counts from the end; -1 is after the last row.
 */
const splice = z.tuple([z.int(), z.int().min(0)], wire);

/** What changed in the answer that the client has. Its value is a list, or an object with a list in it. */
const patch = z.object({
  live: liveId,
  /** The token of the value after the patch. */
  token: z.string(),
  /** In ascending order. */
  splices: z.array(splice),
  /** The value without the rows of its list, if anything but the rows has changed. */
  around: z.record(z.string(), wire).optional(),
});

/** The answer of a live query: its value, whole or as a patch, or the error of its last run. */
export const answer = z.union([
  patch,
  z.object({ live: liveId, token: z.string(), value: wire }),
  z.object({ live: liveId, error: wireError }),
]);

/**
 * Moves all queries of a client from one committed state to the next. Applied whole or not at all.
 * A transition without `reflected`, `maps` and `refused` is the same bytes for all clients.
 */
const transition = z.object({
  type: z.literal("Transition"),
  at: revision,
  /** Mutations of this client whose writes the answers now contain: their optimistic updates end. */
  reflected: z.array(requestId).optional(),
  /** A query of the client → the live query whose answers it gets from now on. Without an answer, the client's token is right. */
  maps: z.array(z.tuple([queryId, liveId])).optional(),
  /** Queries that cannot be subscribed to: there is no such function, or the arguments do not parse. */
  refused: z.array(z.tuple([queryId, wireError])).optional(),
  answers: z.array(answer).optional(),
});

/**
 * A transition with one patch and nothing else: for the client the same as `{ at, answers: [patch] }`. Most deliveries are
 * of this kind, and a change of one row is hardly larger than the frame around it.
 */
const patchAlone = patch.extend({ type: z.literal("Patch"), at: revision });

const mutationSucceeded = z.object({ type: z.literal("MutationSucceeded"), request: requestId, value: wire });
const mutationFailed = z.object({ type: z.literal("MutationFailed"), request: requestId, error: wireError });
const actionSucceeded = z.object({ type: z.literal("ActionSucceeded"), request: requestId, value: wire });
const actionFailed = z.object({ type: z.literal("ActionFailed"), request: requestId, error: wireError });

/** The server stops soon: the client closes, and comes back after about so many milliseconds. */
const draining = z.object({ type: z.literal("Draining"), returnAfterMs: z.int().min(0) });

/** Development only: a message for the author of the functions. */
const notice = z.object({ type: z.literal("Notice"), message: z.string() });

const ping = z.object({ type: z.literal("Ping") });
const pong = z.object({ type: z.literal("Pong") });

/** Every message of a server. Tests parse with it; the client uses its type, and checks the invariants of PROTOCOL.md. */
export const serverMessage = z.discriminatedUnion("type", [
  connected,
  transition,
  patchAlone,
  mutationSucceeded,
  mutationFailed,
  actionSucceeded,
  actionFailed,
  draining,
  notice,
  ping,
  pong,
]);

export type ServerMessage = z.infer<typeof serverMessage>;
export type Connected = z.infer<typeof connected>;
export type Transition = z.infer<typeof transition>;
export type Answer = z.infer<typeof answer>;
export type Patch = z.infer<typeof patch>;
export type Limits = z.infer<typeof limits>;
