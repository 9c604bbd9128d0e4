import { randomBytes } from "node:crypto";
import type { ClientMessage } from "../../lib/protocol/client-message.ts";
import { PROTOCOL_VERSION } from "../../lib/protocol/version.ts";
import type { Message } from "../functions/conversation.ts";

/** The kinds of payloads that a load generator distinguishes. */
export type Kind = "delivery" | "done" | "failed" | "ping" | "other";

/** The messages of one kind of server. */
export interface Speech {
  path: string;
  /** The first messages of a subscriber of a channel. */
  subscribe(channel: string): string[];
  /** The first messages of a client that only sends. */
  introduce(): string[];
  /** The text that sends message number `n` of a client, from 1. */
  send(n: number, message: Message): string;
  kindOf(payload: Buffer): Kind;
  /** The answer to a ping. */
  readonly pong: string;
}

export const QUERY_PATH = "messages:listByChannel";
export const PONG = JSON.stringify({ type: "Pong" } satisfies ClientMessage);

export const liveSpeech: Speech = {
  path: "/api/sync",
  subscribe: (channel) => [connect(newClientId()), subscribe([{ channel }])],
  introduce: () => [connect(newClientId())],
  send(n, { channel, author, text }) {
    const args = { channel, author, text };
    const message: ClientMessage = { type: "Mutate", request: n, path: "messages:send", args, confirmedUpTo: n - 1 };
    return JSON.stringify(message);
  },
  kindOf: (payload) => liveKinds[payload.toString("latin1", 9, 18)] ?? "other",
  pong: PONG,
};

/** By the first letters of the type, which follow the nine bytes of `{"type":"`. */
const liveKinds: Record<string, Kind> = {
  Transitio: "delivery",
  'Patch","a': "delivery",
  MutationF: "failed",
  MutationS: "done",
  'Ping"}': "ping",
};

export const rawSpeech: Speech = {
  path: "/",
  subscribe: (channel) => [JSON.stringify({ type: "subscribe", channel })],
  introduce: () => [],
  send: (_, message) => JSON.stringify({ type: "send", ...message }),
  kindOf: (payload) => (payload[0] === "[".charCodeAt(0) ? "delivery" : "done"),
  pong: "",
};

export function newClientId(): string {
  return randomBytes(16).toString("hex");
}

export function connect(clientId: string): string {
  return JSON.stringify({ type: "Connect", protocol: PROTOCOL_VERSION, clientId } satisfies ClientMessage);
}

/** The message that subscribes to channels, in this order, as queries 1, 2, 3 … */
export function subscribe(channels: { channel: string; token?: string }[]): string {
  const queries = channels.map(({ channel, token }, i) => {
    const query = { query: i + 1, path: QUERY_PATH, args: { channel } };
    return token === undefined ? query : { ...query, token };
  });
  return JSON.stringify({ type: "Subscribe", queries } satisfies ClientMessage);
}
