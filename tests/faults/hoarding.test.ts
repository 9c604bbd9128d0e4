import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { ConvexClient } from "../../lib/client/convex-client.ts";
import { freePort, ServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

const silent = { info() {}, warn() {}, error() {} };
const MIB = 1024 * 1024;
/** The limit of the server's heap. The sockets send nearly twice as much: a server that keeps it fails. */
const HEAP_MIB = 128;
const SOCKETS = 6;

/** A client that subscribes to many queries, and waits for an answer to each. */
async function hoard(port: number, name: number, queries: { path: string; args: object }[]): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/sync`);
  socket.on("error", () => {});
  const told = new Set<number>();
  socket.on("message", (data) => {
    const { maps = [], refused = [] } = JSON.parse(String(data)) as { maps?: [number][]; refused?: [number][] };
    for (const [query] of [...maps, ...refused]) told.add(query);
  });
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "Connect", protocol: 2, clientId: name.toString(16).padStart(32, "0") }));
  for (const [i, query] of queries.entries()) {
    socket.send(JSON.stringify({ type: "Subscribe", queries: [{ query: i + 1, ...query }] }));
    await until(() => socket.bufferedAmount < 2 * MIB);
  }
  await until(() => told.size === queries.length || socket.readyState !== WebSocket.OPEN);
  expect(socket.readyState).toBe(WebSocket.OPEN);
  return socket;
}

/** Different texts, of so many bytes each. */
const texts = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, i) => `${i}`.padEnd(bytes, String.fromCharCode(97 + (i % 26))));

test.each([
  ["a function that is not there", texts(40, MIB - 1_000).map((text) => ({ path: "notes:nothing", args: { text } }))],
  ["arguments as large as a message", texts(40, MIB - 1_000).map((text) => ({ path: "notes:equal", args: { text } }))],
  ["as many queries as there may be", texts(190, 16_000).map((text) => ({ path: "notes:equal", args: { text } }))],
])("sockets that subscribe to %s do not fill the server's memory, and others are served", async (_what, queries) => {
  const directory = await mkdtemp(join(tmpdir(), "convex-lite-hoarding-"));
  const server = new ServerProcess(await freePort(), directory);
  const bystander = new ConvexClient(server.url, { logger: silent });
  const sockets: WebSocket[] = [];
  onTestFinished(async () => {
    for (const socket of sockets) socket.terminate();
    await bystander.close();
    await server.kill();
    await rm(directory, { recursive: true, force: true });
  });

  await server.start(undefined, HEAP_MIB);
  let total: unknown;
  bystander.watchQuery("notes:total", {}, ({ data }) => {
    total = data;
  });
  for (let i = 1; i <= SOCKETS; i++) {
    sockets.push(await hoard(server.port, i, queries));
    await bystander.mutation("notes:add", { room: "well behaved", text: `${i}` });
    expect(total).toBe(i);
  }
  expect(server.endedBy, server.output).toBeUndefined();
});
