/**
 * The least that a fan-out can cost: no database. A channel's list is kept in memory, and sent in a WebSocket frame that is
 * built once and written to every socket.
 */
import * as ws from "ws";
import { type WebSocket, WebSocketServer } from "ws";
import { FIRST_ID, type Message, messageIn } from "../functions/conversation.ts";
import { announcePort, answerControl } from "./control.ts";
import type { Seeding } from "./database.ts";
import { restingMemory, usageMeter } from "./usage.ts";

interface Channel {
  rows: object[];
  watchers: Set<WebSocket>;
}

const counters = { queryRuns: 0, serialisations: 0 };
const channels = new Map<string, Channel>();
let lastId = FIRST_ID;

function channelOf(name: string): Channel {
  const channel = channels.get(name) ?? { rows: [], watchers: new Set() };
  channels.set(name, channel);
  return channel;
}

function seed({ prefix, channels, rows }: Seeding): void {
  for (let i = 0; i < channels; i++) for (let row = 0; row < rows; row++) add(messageIn(`${prefix}${i}`));
}

function add(message: Message): Channel {
  const channel = channelOf(message.channel);
  channel.rows.push({ id: lastId++, ...message, createdAt: new Date() });
  return channel;
}

function frameOf({ rows }: Channel): Buffer {
  counters.serialisations++;
  const options = { fin: true, opcode: 1, mask: false, readOnly: false, rsv1: false };
  return Buffer.concat((ws as unknown as Untyped).Sender.frame(Buffer.from(JSON.stringify(rows)), options));
}

/** A part of `ws` that is missing in its types. */
interface Untyped {
  Sender: { frame(data: Buffer, options: object): Buffer[] };
}

function write(socket: WebSocket, frame: Buffer): void {
  (socket as unknown as { _socket: { write(frame: Buffer): void } })._socket.write(frame);
}

type Request = { type: "subscribe"; channel: string } | ({ type: "send" } & Message);

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("connection", (socket) => {
  socket.on("message", (data) => {
    const request = JSON.parse(data.toString()) as Request;
    if (request.type === "subscribe") {
      const channel = channelOf(request.channel);
      channel.watchers.add(socket);
      socket.on("close", () => channel.watchers.delete(socket));
      write(socket, frameOf(channel));
      return;
    }
    const channel = add({ channel: request.channel, author: request.author, text: request.text });
    const frame = frameOf(channel);
    for (const watcher of channel.watchers) write(watcher, frame);
    socket.send('{"ok":true}');
  });
  socket.on("error", () => {});
});
await new Promise((listening) => server.once("listening", listening));

answerControl({
  seed,
  usage: usageMeter(counters),
  memory: restingMemory,
  sockets: () => server.clients.size,
  stop: () => void setImmediate(() => process.exit(0)),
});
announcePort((server.address() as { port: number }).port);
