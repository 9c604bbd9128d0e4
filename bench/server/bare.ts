/**
 * The baseline that does the least: `ws` and SQLite with two prepared statements, no Drizzle, no transaction. A channel's
 * list is read once for each message, and sent with `ws`.
 */
import { type WebSocket, WebSocketServer } from "ws";
import type { Message } from "../functions/conversation.ts";
import { announcePort, answerControl } from "./control.ts";
import { type DatabasePlace, fileOfPlace, openBenchDatabase, type Seeding, seed } from "./database.ts";
import { preparedStatements } from "./sqlite-beside.ts";
import { restingMemory, usageMeter } from "./usage.ts";

const place = JSON.parse(process.argv[2] ?? "{}") as DatabasePlace;
const driver = await openBenchDatabase(place);
const { insert, select } = preparedStatements(fileOfPlace(place));
const counters = { queryRuns: 0, serialisations: 0 };
const channels = new Map<string, Set<WebSocket>>();

function read(channel: string): string {
  counters.queryRuns++;
  counters.serialisations++;
  return JSON.stringify(select(channel));
}

function subscribe(socket: WebSocket, channel: string): void {
  const watchers = channels.get(channel) ?? new Set();
  channels.set(channel, watchers.add(socket));
  socket.on("close", () => watchers.delete(socket));
  socket.send(read(channel));
}

function send(socket: WebSocket, message: Message): void {
  insert(message);
  const watchers = channels.get(message.channel);
  if (watchers && watchers.size > 0) {
    const text = read(message.channel);
    for (const watcher of watchers) watcher.send(text);
  }
  socket.send('{"ok":true}');
}

type Request = { type: "subscribe"; channel: string } | ({ type: "send" } & Message);

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("connection", (socket) => {
  socket.on("message", (data) => {
    const request = JSON.parse(data.toString()) as Request;
    if (request.type === "subscribe") subscribe(socket, request.channel);
    else send(socket, request);
  });
  socket.on("error", () => {});
});
await new Promise((listening) => server.once("listening", listening));

answerControl({
  seed: (seeding: Seeding) => seed(driver, seeding),
  usage: usageMeter(counters),
  memory: restingMemory,
  sockets: () => server.clients.size,
  stop: () => void setImmediate(() => process.exit(0)),
});
announcePort((server.address() as { port: number }).port);
