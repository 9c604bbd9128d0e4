import { z } from "zod";
import type { Wire } from "../values/wire.ts";

const MAX_PATH = 512;
/** Queries that one message may name. A client watches fewer than that, unless a server allows more. */
const MAX_QUERIES = 1_000;

/** Names one subscription of one connection; chosen by the client, counted from 1, never used twice. */
const queryId = z.int().min(1);
/** Names one mutation of one client id: 1, 2, 3 … in the order called. For an action, any number not in use. */
const requestId = z.int().min(1);
/** `messages:listByChannel` */
const path = z.string().min(3).max(MAX_PATH);
/** Checked by the function's own schema, later. Its depth was checked by the codec. */
const args = z.custom<Record<string, Wire>>(
  // As it is: a copy would lose a key such as `__proto__` without a word, and the codec could not refuse it.
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "Expected an object.",
);

/** Always first, exactly once. */
const connect = z.strictObject({
  type: z.literal("Connect"),
  protocol: z.int(),
  /** 128 random bits, hexadecimal: names one numbered run of mutations under one identity. The same after every reconnect. */
  clientId: z.string().regex(/^[0-9a-f]{32}$/),
  /**
   * The identity that this client id belongs to, as a fingerprint from an earlier `Connected`; null: anonymous. Left out
   * at first. Under any other identity the server runs none of its mutations.
   */
  identity: z.string().max(64).nullable().optional(),
  /** Mutations of this client id that were sent and not yet both answered and reflected. They will be sent again. */
  undecided: z.array(requestId).max(1000).optional(),
});

/** Asks for queries to be answered now and whenever they change: all that were asked for in one tick. */
const subscribe = z.strictObject({
  type: z.literal("Subscribe"),
  queries: z
    .array(
      z.strictObject({
        query: queryId,
        path,
        args,
        /** The hash of the answer the client already has: an equal answer is not sent again. */
        hash: z.string().max(64).optional(),
      }),
    )
    .min(1)
    .max(MAX_QUERIES),
});

const unsubscribe = z.strictObject({
  type: z.literal("Unsubscribe"),
  queries: z.array(queryId).min(1).max(MAX_QUERIES),
});

const mutate = z.strictObject({
  type: z.literal("Mutate"),
  request: requestId,
  path,
  args,
  /** The client has the outcome of every mutation up to this number: the server may forget those. */
  confirmedUpTo: z.int().min(0),
});

const act = z.strictObject({ type: z.literal("Act"), request: requestId, path, args });

/** Are you there? Answered with `Pong`. */
const ping = z.strictObject({ type: z.literal("Ping") });
const pong = z.strictObject({ type: z.literal("Pong") });

/** Everything a client can say. The server parses every message with it; the client uses its type only. */
export const clientMessage = z.discriminatedUnion("type", [connect, subscribe, unsubscribe, mutate, act, ping, pong]);

export type ClientMessage = z.infer<typeof clientMessage>;
export type Connect = z.infer<typeof connect>;
export type Subscribe = z.infer<typeof subscribe>;
export type Unsubscribe = z.infer<typeof unsubscribe>;
export type Mutate = z.infer<typeof mutate>;
export type Act = z.infer<typeof act>;
