import { z } from "zod";
import type { Wire } from "../values/wire.ts";

const MAX_PATH = 512;
/** How many queries one message may name. The default limit of subscriptions is lower. */
const MAX_QUERIES = 1_000;

/** Names one subscription of one connection. The client counts from 1 and uses no number twice. */
const queryId = z.int().min(1);
/** Names one mutation of a client id: 1, 2, 3 … in the order called. For an action, any number that is not in use. */
const requestId = z.int().min(1);
/** `messages:listByChannel` */
const path = z.string().min(3).max(MAX_PATH);
/** The function's own schema checks it later. The codec has checked its depth. */
const args = z.custom<Record<string, Wire>>(
  // Not copied: a copy would lose a key such as `__proto__`, which is to be refused.
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "Expected an object.",
);

/** The first message, sent once. */
const connect = z.strictObject({
  type: z.literal("Connect"),
  protocol: z.int(),
  /** 128 random bits, hexadecimal: names the numbered mutations of a page under one identity. Stays after a reconnect. */
  clientId: z.string().regex(/^[0-9a-f]{32}$/),
  /**
   * A fingerprint of the identity that this client id belongs to, from an earlier `Connected`; null if it is anonymous.
   * Left out until it is known. Under another identity the server runs none of its mutations.
   */
  identity: z.string().max(64).nullable().optional(),
  /** Mutations of this client id that were sent, and are not yet both answered and reflected. They are sent again. */
  undecided: z.array(requestId).max(1000).optional(),
});

/** Asks for the answers of queries, now and after each change. Holds all that are asked for in one tick. */
const subscribe = z.strictObject({
  type: z.literal("Subscribe"),
  queries: z
    .array(
      z.strictObject({
        query: queryId,
        path,
        args,
        /** The token of the answer that the client has: an equal answer is not sent. */
        token: z.string().max(64).optional(),
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
  /** The client has the outcomes of all mutations up to this number; the server may delete them. */
  confirmedUpTo: z.int().min(0),
});

const act = z.strictObject({ type: z.literal("Act"), request: requestId, path, args });

/** Answered with `Pong`. */
const ping = z.strictObject({ type: z.literal("Ping") });
const pong = z.strictObject({ type: z.literal("Pong") });

/** Every message of a client. The server parses with it; the client uses its type only. */
export const clientMessage = z.discriminatedUnion("type", [connect, subscribe, unsubscribe, mutate, act, ping, pong]);

export type ClientMessage = z.infer<typeof clientMessage>;
export type Connect = z.infer<typeof connect>;
export type Subscribe = z.infer<typeof subscribe>;
export type Unsubscribe = z.infer<typeof unsubscribe>;
export type Mutate = z.infer<typeof mutate>;
export type Act = z.infer<typeof act>;
