/** socket.io: a room for each channel. A new message reads the channel's list once and emits it to the room. */
import { createServer } from "node:http";
import { Server } from "socket.io";
import { z } from "zod";
import { announcePort, answerControl } from "../../server/control.ts";
import { type DatabasePlace, openBenchDatabase, type Seeding, seed } from "../../server/database.ts";
import { restingMemory, usageMeter } from "../../server/usage.ts";
import { openStorage } from "./storage.ts";

const place = JSON.parse(process.argv[2] ?? "{}") as DatabasePlace;
const driver = await openBenchDatabase(place);
const { insert, select } = openStorage(place);
const counters = { queryRuns: 0, serialisations: 0 };
const message = z.object({ channel: z.string(), author: z.string(), text: z.string().min(1).max(2000) });

async function read(channel: string) {
  counters.queryRuns++;
  counters.serialisations++;
  return select(channel);
}

const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });
io.on("connection", async (socket) => {
  socket.on("send", async (given: unknown, acknowledge: (answer: object) => void) => {
    const parsed = message.parse(given);
    await insert(parsed);
    io.to(parsed.channel).emit("list", await read(parsed.channel));
    acknowledge({ ok: true });
  });
  const { channel } = socket.handshake.auth;
  if (typeof channel !== "string") return;
  await socket.join(channel);
  socket.emit("list", await read(channel));
});
await new Promise<void>((listening) => http.listen(0, "127.0.0.1", listening));

answerControl({
  seed: (seeding: Seeding) => seed(driver, seeding),
  usage: usageMeter(counters),
  memory: restingMemory,
  sockets: () => io.engine.clientsCount,
  stop: () => void setImmediate(() => process.exit(0)),
});
announcePort((http.address() as { port: number }).port);
