import { request } from "node:http";
import type { GreedyClient } from "./greedy-client.ts";
import type { GreedySocket } from "./greedy-socket.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Bytes of a message beside the arguments. */
const ENVELOPE = 500;
/** How long a visit lasts at most. Milliseconds. */
const VISIT = 5_000;

/** One visit of a greedy client to the server. It is made again and again. */
export type Behaviour = (client: GreedyClient) => Promise<void>;

/** Watches as many queries as it may, with arguments as large as they may be, and stops watching them. */
async function hoardArguments(client: GreedyClient): Promise<void> {
  const socket = await client.connect();
  const list = client.chance.oneOf(client.lists);
  const numbers = upTo(250);
  for (let round = 0; round < 3 && socket.mayGoOn; round++) {
    for (const n of numbers) {
      if (!socket.mayGoOn) return;
      const args = { list, text: client.text(16 * KIB - 200) };
      socket.say({ type: "Subscribe", queries: [{ query: round * 250 + n, path: "entries:search", args }] });
      await room(client, socket, 20);
    }
    await client.pause(1_000);
    socket.say({ type: "Unsubscribe", queries: numbers.map((n) => round * 250 + n) });
  }
}

/** Watches every list of the ordinary clients, under as many queries as it may. */
async function watchEverything(client: GreedyClient): Promise<void> {
  const socket = await client.connect();
  const listOf = (n: number) => client.lists[n % client.lists.length] ?? "";
  const lists = client.lists.map((list, i) => ({ query: 1 + i, path: "entries:latest", args: { list } }));
  const others = upTo(250 - lists.length).map((n) => {
    return { query: lists.length + n, path: "entries:search", args: { list: listOf(n), text: `${n}` } };
  });
  socket.say({ type: "Subscribe", queries: [...lists, ...others] });
  await client.pause(VISIT);
}

/** Mutations of 1 MiB, as fast as they go; it confirms none. */
async function floodMutations(client: GreedyClient): Promise<void> {
  await flood(client, "greedy:hoard", () => JSON.stringify({ data: client.text(MIB - ENVELOPE) }));
}

/** 1 MiB of lists in lists, the form that takes the most memory for a byte. */
async function nestDeeply(client: GreedyClient): Promise<void> {
  const nest = `${"[".repeat(40)}${"]".repeat(40)}`;
  const data = `{"data":[${Array.from({ length: 12_000 }, () => nest).join()}]}`;
  await flood(client, "greedy:hoard", () => data);
}

/** Mutations that fail with a long text; it confirms none, so that the server keeps why. */
async function failForEver(client: GreedyClient): Promise<void> {
  await flood(client, "greedy:fail", () => JSON.stringify({ text: client.text(60 * KIB) }));
}

/** Watches much and asks for more, and reads nothing. */
async function neverRead(client: GreedyClient): Promise<void> {
  const socket = await client.connect();
  const owner = client.newClientId();
  const watched = upTo(4).map((n) => ({ query: n, path: "greedy:large", args: { owner, n, bytes: 2 * MIB } }));
  const lists = client.lists.map((list, i) => ({ query: i + 10, path: "entries:latest", args: { list } }));
  socket.say({ type: "Subscribe", queries: [...watched, ...lists] });
  socket.stopReading();
  for (let i = 0; i < 20 && socket.mayGoOn; i++) {
    socket.mutate("greedy:enlarge", JSON.stringify({ owner }));
    await client.pause(VISIT / 20);
  }
}

/** Starts as many actions as it may, and vanishes. */
async function actAndVanish(client: GreedyClient): Promise<void> {
  const socket = await client.connect();
  for (const request of upTo(16)) socket.say({ type: "Act", request, path: "greedy:linger", args: { ms: 3_000 } });
  await client.pause(100);
}

/** Connects under the same client id again and again, and asks for everything each time. */
async function reconnectForEver(client: GreedyClient): Promise<void> {
  const clientId = client.newClientId();
  for (let i = 0; i < 50 && client.mayGoOn; i++) {
    const socket = await client.connect(clientId);
    const list = client.chance.oneOf(client.lists);
    const queries = upTo(50).map((query) => ({ query, path: "entries:search", args: { list, text: `${i} ${query}` } }));
    socket.say({ type: "Subscribe", queries });
    socket.mutate("greedy:hoard", '{"data":1}');
    await client.pause(50);
    socket.vanish();
  }
}

/** Two sockets take one client id from each other. */
async function shareAnId(client: GreedyClient): Promise<void> {
  const clientId = client.newClientId();
  for (let i = 0; i < 20 && client.mayGoOn; i++) {
    const sockets = [await client.connect(clientId), await client.connect(clientId)];
    for (const socket of sockets) socket.mutate("greedy:hoard", `{"data":${i}}`);
    await client.pause(100);
  }
}

/** Queries that take just less time than slow ones; ordinary clients change what they depend on. */
async function watchAlmostSlow(client: GreedyClient): Promise<void> {
  const socket = await client.connect();
  const list = client.chance.oneOf(client.lists);
  const queries = upTo(250).map((n) => ({
    query: n,
    path: "greedy:ponder",
    args: { list, n: client.chance.pick(1e9) },
  }));
  socket.say({ type: "Subscribe", queries });
  await client.pause(VISIT);
}

/** Answers as large as its share, which it alone watches, and which change all the time. */
async function watchLarge(client: GreedyClient): Promise<void> {
  const socket = await client.connect();
  const owner = client.newClientId();
  const queries = upTo(4).map((n) => ({ query: n, path: "greedy:large", args: { owner, n, bytes: 3.9 * MIB } }));
  socket.say({ type: "Subscribe", queries });
  for (let i = 0; i < 10 && socket.mayGoOn; i++) {
    await client.pause(VISIT / 10);
    socket.mutate("greedy:enlarge", JSON.stringify({ owner }));
  }
}

/** Calls over HTTP whose answers it does not read. */
async function leaveAnswersUnread(client: GreedyClient): Promise<void> {
  const body = JSON.stringify({ path: "greedy:large", args: { owner: client.newClientId(), n: 0, bytes: 7 * MIB } });
  const calls = upTo(8).map(() => {
    const call = post(client, body.length);
    call.on("response", (response) => response.pause());
    return call.end(body);
  });
  await client.pause(VISIT);
  for (const call of calls) call.destroy();
}

/** Calls over HTTP whose bodies come a byte at a time. */
async function sendBodiesSlowly(client: GreedyClient): Promise<void> {
  const calls = upTo(8).map(() => post(client, 10_000).on("response", (response) => response.resume()));
  for (let i = 0; i < VISIT / 250 && client.mayGoOn; i++) {
    for (const call of calls) if (!call.destroyed) call.write(" ");
    await client.pause(250);
  }
  for (const call of calls) call.destroy();
}

/** Cursors of pages that no server has made. */
async function forgeCursors(client: GreedyClient): Promise<void> {
  const socket = await client.connect();
  const list = client.chance.oneOf(client.lists);
  const forged = [
    ...[
      "[]",
      "{}",
      "null",
      '["x"]',
      `["x",{"$t":["bigint","9"]}]`,
      '["x","\\u0000",[1]]',
      `["x",${"[".repeat(50)}1${"]".repeat(50)}]`,
    ],
    ...['["x",{"$t":["undefined"]}]', '["x","a\' or 1=1 --",1]', "1e999", "x".repeat(5_000)],
  ].map((text) => Buffer.from(text).toString("base64url"));
  for (let n = 1; n <= 1_000 && socket.mayGoOn; n++) {
    const paginationOpts = { cursor: client.chance.oneOf(forged), numItems: 1 + client.chance.pick(1_000) };
    socket.say({ type: "Subscribe", queries: [{ query: n, path: "entries:page", args: { list, paginationOpts } }] });
    if (n > 200) socket.say({ type: "Unsubscribe", queries: [n - 200] });
    await room(client, socket, 40);
  }
}

/** Functions that are not there, with arguments as large as a message. */
async function callUnknown(client: GreedyClient): Promise<void> {
  const socket = await client.connect();
  for (let n = 1; n <= 60 && socket.mayGoOn; n++) {
    const args = { text: client.text(MIB - ENVELOPE) };
    socket.say({ type: "Subscribe", queries: [{ query: n, path: `greedy:none${n}`, args }] });
    socket.mutate(`greedy:none${n}`, "{}");
    await room(client, socket, 20);
  }
}

/** Messages that are none of the protocol, each on a socket of its own. */
async function talkNonsense(client: GreedyClient): Promise<void> {
  const nonsense = ["", "[]", "[".repeat(500_000), " ".repeat(MIB + 1), Buffer.alloc(MIB), '{"type":"Connect"}'];
  for (const message of nonsense) {
    if (!client.mayGoOn) return;
    (await client.connect()).sayText(message);
    await client.pause(50);
  }
}

/** Small messages, as many as it may. */
async function pingForEver(client: GreedyClient): Promise<void> {
  const socket = await client.connect();
  for (let i = 0; i < VISIT / 25 && socket.mayGoOn; i++) {
    socket.say({ type: "Ping" });
    await client.pause(25);
  }
}

/** All of them. Greedy client number i has the behaviour number i, modulo their number. */
export const behaviours: readonly Behaviour[] = [
  ...[hoardArguments, floodMutations, watchAlmostSlow, watchLarge, neverRead, failForEver, nestDeeply],
  ...[actAndVanish, reconnectForEver, leaveAnswersUnread, sendBodiesSlowly, forgeCursors, callUnknown],
  ...[watchEverything, shareAnId, talkNonsense, pingForEver],
];

/** Calls the mutation as fast as it may: at most 60 wait for their outcomes. */
async function flood(client: GreedyClient, path: string, args: () => string): Promise<void> {
  const socket = await client.connect();
  const until = performance.now() + VISIT;
  while (socket.mayGoOn && performance.now() < until) {
    if (socket.unanswered < 60) socket.mutate(path, args());
    await room(client, socket, 20);
  }
}

/** Waits a moment, and until the socket takes more. */
async function room(client: GreedyClient, socket: GreedySocket, ms: number): Promise<void> {
  do await client.pause(ms);
  while (socket.mayGoOn && socket.isFull);
}

function post(client: GreedyClient, length: number) {
  const headers = { "content-type": "application/json", "content-length": length };
  const call = request(`http://${client.host}/api/convex/query`, { method: "POST", headers, agent: false });
  call.on("response", ({ statusCode }) => client.count(`HTTP ${statusCode}`));
  return call.on("error", () => client.count("HTTP calls that were cut"));
}

function upTo(most: number): number[] {
  return Array.from({ length: most }, (_, i) => i + 1);
}
