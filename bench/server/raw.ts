/**
 * The baseline without the framework: a `ws` server that runs the same Drizzle statements on the same database, and sends
 * each result as a WebSocket frame that is built once and written to every socket.
 */
import { asc, eq } from "drizzle-orm";
import * as ws from "ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { Message } from "../functions/conversation.ts";
import { messages } from "../functions/schema.ts";
import { announcePort, answerControl } from "./control.ts";
import { type DatabasePlace, drizzleBeside, openBenchDatabase, type Seeding, seed } from "./database.ts";
import { restingMemory, usageMeter } from "./usage.ts";

const place = JSON.parse(process.argv[2] ?? "{}") as DatabasePlace;
const driver = await openBenchDatabase(place);
const db = drizzleBeside(driver, place);
const counters = { queryRuns: 0, serialisations: 0 };

/** The sockets that watch a channel, and the frame with its current result. */
interface Channel {
  watchers: Set<WebSocket>;
  frame: Promise<Buffer>;
}

const channels = new Map<string, Channel>();

async function readFrame(channel: string): Promise<Buffer> {
  const rows = await db.query.messages.findMany({
    where: eq(messages.channel, channel),
    orderBy: asc(messages.createdAt),
  });
  counters.queryRuns++;
  counters.serialisations++;
  return frameOf(JSON.stringify(rows));
}

function frameOf(text: string): Buffer {
  const options = { fin: true, opcode: 1, mask: false, readOnly: false, rsv1: false };
  return Buffer.concat((ws as unknown as Untyped).Sender.frame(Buffer.from(text), options));
}

/** A part of `ws` that is missing in its types. */
interface Untyped {
  Sender: { frame(data: Buffer, options: object): Buffer[] };
}

function write(socket: WebSocket, frame: Buffer): void {
  (socket as unknown as { _socket: { write(frame: Buffer): void } })._socket.write(frame);
}

async function subscribe(socket: WebSocket, name: string): Promise<void> {
  const channel = channels.get(name) ?? { watchers: new Set(), frame: readFrame(name) };
  channels.set(name, channel);
  channel.watchers.add(socket);
  socket.on("close", () => channel.watchers.delete(socket));
  write(socket, await channel.frame);
}

async function send(socket: WebSocket, message: Message): Promise<void> {
  await db.transaction((transaction) => transaction.insert(messages).values(message));
  const channel = channels.get(message.channel);
  if (channel) {
    channel.frame = readFrame(message.channel);
    const frame = await channel.frame;
    for (const watcher of channel.watchers) write(watcher, frame);
  }
  socket.send('{"ok":true}');
}

type Request = { type: "subscribe"; channel: string } | ({ type: "send" } & Message);

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("connection", (socket) => {
  socket.on("message", (data) => {
    const request = JSON.parse(data.toString()) as Request;
    if (request.type === "subscribe") void subscribe(socket, request.channel);
    else void send(socket, { channel: request.channel, author: request.author, text: request.text });
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
