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

/** What the client keeps within by itself. Milliseconds and counts. */
export const limits = z.object({
  subscriptions: z.int(),
  unacknowledgedMutations: z.int(),
  messagesPerSecond: z.int(),
  frameBytes: z.int(),
  pingIntervalMs: z.int(),
  silenceTimeoutMs: z.int(),
});

/** The answer to `Connect`. */
const connected = z.object({
  type: z.literal("Connected"),
  /** Names this start of the engine. Revisions are compared within one epoch only. */
  epoch: z.string(),
  /** A fingerprint of the caller's whole identity; null for an anonymous caller. */
  identity: z.string().nullable(),
  limits,
});

/**
 * What a list loses and gains at one place, `[at, removed, ...rows]`: `removed` rows from `at` on make way for `rows`.
 * `at` counts in the list as it was before all splices; if negative from its end, where -1 is behind the last row.
 */
const splice = z.tuple([z.int(), z.int().min(0)], wire);

/** The answer that the client has, changed: only ever of a list, or of an object with a list in it. */
const patch = z.object({
  live: liveId,
  /** Of the value after the patch. */
  hash: z.string(),
  /** In ascending order. */
  splices: z.array(splice),
  /** The whole value with no rows in its list, if it changed in anything but its rows. */
  around: z.record(z.string(), wire).optional(),
});

/** The state of one live query: a value, whole or as a patch, or the error its last run ended with. */
export const answer = z.union([
  patch,
  z.object({ live: liveId, hash: z.string(), value: wire }),
  z.object({ live: liveId, error: wireError }),
]);

/**
 * Moves all of a client's queries from one committed state to the next, at once. Applied whole or not at all.
 * A transition without `reflected`, `maps` and `refused` is the same bytes for every client.
 */
const transition = z.object({
  type: z.literal("Transition"),
  /** The revision all of the client's answers are of after this transition. */
  at: z.int().min(0),
  /** Mutations of this client whose writes the answers now contain: drop their optimistic updates. */
  reflected: z.array(requestId).optional(),
  /** The client's query → the live query whose answers it gets from now on. No answer beside it: the client's hash is right. */
  maps: z.array(z.tuple([queryId, liveId])).optional(),
  /** Queries that could not be subscribed to (no such function, arguments that do not parse). */
  refused: z.array(z.tuple([queryId, wireError])).optional(),
  answers: z.array(answer).optional(),
});

const mutationSucceeded = z.object({ type: z.literal("MutationSucceeded"), request: requestId, value: wire });
const mutationFailed = z.object({ type: z.literal("MutationFailed"), request: requestId, error: wireError });
const actionSucceeded = z.object({ type: z.literal("ActionSucceeded"), request: requestId, value: wire });
const actionFailed = z.object({ type: z.literal("ActionFailed"), request: requestId, error: wireError });

/** The server stops soon: close, and come back after about this many milliseconds. */
const draining = z.object({ type: z.literal("Draining"), returnAfterMs: z.int().min(0) });

/** Development only: something the author of the functions should see. */
const notice = z.object({ type: z.literal("Notice"), message: z.string() });

const ping = z.object({ type: z.literal("Ping") });
const pong = z.object({ type: z.literal("Pong") });

/** Everything a server can say. Tests parse with it; the client uses its type and checks the few invariants it needs. */
export const serverMessage = z.discriminatedUnion("type", [
  connected,
  transition,
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
