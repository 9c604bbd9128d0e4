import type { Speech } from "./speech.ts";

/** tRPC's messages over a WebSocket: JSON-RPC 2.0. */
export const trpcSpeech: Speech = {
  path: "/",
  subscribe: (channel) => [request(1, "subscription", "listByChannel", { channel })],
  introduce: () => [],
  send: (n, { channel, author, text }) => request(n, "mutation", "send", { channel, author, text }),
  kindOf(payload) {
    if (payload[0] !== "{".charCodeAt(0)) return payload.toString() === "PING" ? "ping" : "other";
    const start = payload.toString("latin1", 0, 80);
    if (start.includes('"error"')) return "failed";
    if (start.includes('"data":[')) return "delivery";
    return start.includes('"ok"') ? "done" : "other";
  },
  pong: "PONG",
};

function request(id: number, method: "subscription" | "mutation", path: string, input: object): string {
  return JSON.stringify({ id, jsonrpc: "2.0", method, params: { path, input } });
}

/** socket.io's packets in engine.io's messages, protocol 4: https://socket.io/docs/v4/engine-io-protocol/. */
export const socketIoSpeech: Speech = {
  path: "/socket.io/?EIO=4&transport=websocket",
  subscribe: (channel) => [`40${JSON.stringify({ channel })}`],
  introduce: () => ["40"],
  send: (n, { channel, author, text }) => `42${n}${JSON.stringify(["send", { channel, author, text }])}`,
  kindOf(payload) {
    const kind = payload.toString("latin1", 0, 2);
    if (kind === "42") return "delivery";
    if (kind === "43") return "done";
    if (kind === "44") return "failed";
    return kind === "2" ? "ping" : "other";
  },
  pong: "3",
};
