/** tRPC over WebSockets: a subscription that runs its query again when a message has been added to its channel. */
import { EventEmitter, on } from "node:events";
import { initTRPC } from "@trpc/server";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { WebSocketServer } from "ws";
import { z } from "zod";
import { announcePort, answerControl } from "../../server/control.ts";
import { type DatabasePlace, openBenchDatabase, type Seeding, seed } from "../../server/database.ts";
import { restingMemory, usageMeter } from "../../server/usage.ts";
import { openStorage } from "./storage.ts";

const place = JSON.parse(process.argv[2] ?? "{}") as DatabasePlace;
const driver = await openBenchDatabase(place);
const { insert, select } = openStorage(place);
const counters = { queryRuns: 0, serialisations: 0 };
const added = new EventEmitter().setMaxListeners(0);

const t = initTRPC.create();
const router = t.router({
  listByChannel: t.procedure.input(z.object({ channel: z.string() })).subscription(async function* ({ input, signal }) {
    const events = on(added, input.channel, { signal: signal as AbortSignal });
    yield await read(input.channel);
    for await (const _ of events) yield await read(input.channel);
  }),
  send: t.procedure
    .input(z.object({ channel: z.string(), author: z.string(), text: z.string().min(1).max(2000) }))
    .mutation(async ({ input }) => {
      await insert(input);
      added.emit(input.channel);
      return { ok: true };
    }),
});

async function read(channel: string) {
  counters.queryRuns++;
  counters.serialisations++;
  return select(channel);
}

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
applyWSSHandler({ wss: server, router });
await new Promise((listening) => server.once("listening", listening));

answerControl({
  seed: (seeding: Seeding) => seed(driver, seeding),
  usage: usageMeter(counters),
  memory: restingMemory,
  sockets: () => server.clients.size,
  stop: () => void setImmediate(() => process.exit(0)),
});
announcePort((server.address() as { port: number }).port);
