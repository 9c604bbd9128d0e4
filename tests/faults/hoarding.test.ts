import { expect, onTestFinished, test } from "vitest";
import { ConvexClient } from "../../lib/client/convex-client.ts";
import { RawSocket } from "../support/raw-socket.ts";
import { silent } from "../support/silent.ts";
import { ServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

const MIB = 1024 * 1024;
/** The limit of the server's heap. The sockets send nearly twice as much: a server that keeps it fails. */
const HEAP_MIB = 128;
const SOCKETS = 6;

/** A client that subscribes to many queries, and waits for an answer to each. */
async function hoard(host: string, name: number, queries: { path: string; args: { text: string } }[]): Promise<void> {
  const raw = await RawSocket.open(host);
  onTestFinished(() => raw.socket.terminate());
  raw.connect(name);
  for (const [i, query] of queries.entries()) {
    raw.say({ type: "Subscribe", queries: [{ query: i + 1, ...query }] });
    await until(() => raw.socket.bufferedAmount < 2 * MIB);
  }
  const told = () => {
    const all = raw.texts.map((text) => JSON.parse(text) as { maps?: [number][]; refused?: [number][] });
    return new Set(all.flatMap(({ maps = [], refused = [] }) => [...maps, ...refused]).map(([query]) => query));
  };
  await raw.until(() => told().size === queries.length);
  expect(raw.isOpen).toBe(true);
}

/** Different texts, of so many bytes each. */
const texts = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, i) => `${i}`.padEnd(bytes, String.fromCharCode(97 + (i % 26))));

test.each([
  ["a function that is not there", texts(40, MIB - 1_000).map((text) => ({ path: "notes:nothing", args: { text } }))],
  ["arguments as large as a message", texts(40, MIB - 1_000).map((text) => ({ path: "notes:equal", args: { text } }))],
  ["as many queries as there may be", texts(190, 16_000).map((text) => ({ path: "notes:equal", args: { text } }))],
])("sockets that subscribe to %s do not fill the server's memory, and others are served", async (_what, queries) => {
  await using server = await ServerProcess.inNewDirectory();
  await server.start(undefined, HEAP_MIB);
  const bystander = new ConvexClient(server.url, { logger: silent });
  onTestFinished(() => bystander.close());
  let total: unknown;
  bystander.watchQuery("notes:total", {}, ({ data }) => {
    total = data;
  });
  for (let i = 1; i <= SOCKETS; i++) {
    await hoard(server.host, i, queries);
    await bystander.mutation("notes:add", { room: "well behaved", text: `${i}` });
    expect(total).toBe(i);
  }
  expect(server.endedBy, server.output).toBeUndefined();
});
