import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { defaultLimits } from "../../engine/run/limits.ts";
import type { Identity } from "../../functions/context.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import type { SocketLike } from "../../protocol/socket.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { type AcceptSocketsOptions, acceptSockets, type Sockets } from "./accept-sockets.ts";

/** What an engine has heard of one socket. */
interface Opened {
  socket: SocketLike;
  caller: Identity | null;
  address: string | undefined;
  messages: string[];
  closed: boolean;
}

interface Listening {
  url: string;
  port: number;
  sockets: Sockets;
  opened: Opened[];
  /** The server's ends of connections that asked for an upgrade; `accepted` resolves when it was answered. */
  upgrades: { connection: Duplex; accepted: Promise<void> }[];
  clock: HandClock;
}

const servers: Server[] = [];
const clients: WebSocket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.terminate();
  for (const server of servers.splice(0)) server.close();
});

async function listening(options: Partial<AcceptSocketsOptions> & { frameBytes?: number } = {}): Promise<Listening> {
  const opened: Opened[] = [];
  const clock = new HandClock();
  const sockets = acceptSockets({
    engine: {
      limits: { ...defaultLimits, frameBytes: options.frameBytes ?? defaultLimits.frameBytes },
      queryFresh: async () => null,
      opened(socket, caller, source) {
        const record: Opened = { socket, caller, address: source?.address, messages: [], closed: false };
        opened.push(record);
        return {
          message: (text) => void record.messages.push(text),
          closed: () => {
            record.closed = true;
          },
        };
      },
    },
    identify: () => null,
    log: clock.log,
    trustProxy: 0,
    clock,
    ...options,
  });
  const server = createServer();
  const upgrades: Listening["upgrades"] = [];
  server.on("upgrade", (request, connection, head) => {
    upgrades.push({ connection, accepted: Promise.resolve(sockets.accept(request, connection, head)) });
  });
  server.listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}/api/sync`, port, sockets, opened, upgrades, clock };
}

/** Resolves with the open socket, or with the status of the refusal. */
async function open(url: string, headers: Record<string, string> = {}): Promise<WebSocket | number> {
  const client = new WebSocket(url, { headers });
  clients.push(client);
  return new Promise((resolve, reject) => {
    client.on("open", () => resolve(client));
    client.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
    client.on("error", reject);
  });
}

async function opens(url: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  const client = await open(url, headers);
  if (typeof client === "number") throw new Error(`refused with ${client}`);
  return client;
}

/** A raw connection that has sent an upgrade request; the tests read its bytes. */
function handshake(port: number): Socket {
  const connection = connect(port, "127.0.0.1");
  connection.write(
    "GET /api/sync HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n\r\n",
  );
  return connection;
}

/** The first fragments of a message, of one character each. */
function fragments(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => Buffer.from([i === 0 ? 0x01 : 0x00, 0x81, 0, 0, 0, 0, 0x61]));
}

async function nextMessage(client: WebSocket): Promise<string> {
  const [data] = (await once(client, "message")) as [Buffer];
  return data.toString();
}

test("text messages of every length that a frame can announce go both ways, in order", async () => {
  const { url, opened } = await listening();
  const client = await opens(url);
  const received: string[] = [];
  client.on("message", (data) => received.push(data.toString()));
  const texts = ["", "a", "é€😀", ...[125, 126, 127, 65_535, 65_536, 200_000].map((n) => "x".repeat(n))];
  for (const text of texts) opened[0]?.socket.send({ text });
  await expect.poll(() => received).toEqual(texts);
  for (const text of texts.slice(1)) client.send(text);
  await expect.poll(() => opened[0]?.messages).toEqual(texts.slice(1));
});

test("the server writes nothing after its close frame", async () => {
  const { port, opened } = await listening();
  const connection = handshake(port);
  let bytes = Buffer.alloc(0);
  connection.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
  });
  await expect.poll(() => opened).toHaveLength(1);
  opened[0]?.socket.send({ text: "before" });
  opened[0]?.socket.close(4430, "slow");
  opened[0]?.socket.send({ text: "after" });
  await expect.poll(() => bytes.toString("latin1")).toContain("slow");
  // When both ends have closed, everything that was written has arrived.
  connection.end();
  await once(connection, "close");
  expect(bytes.toString("latin1")).toMatch(/before[\s\S]*slow$/);
});

test("frames, pongs and the server's close frame keep their order", async () => {
  const { url, opened } = await listening();
  const client = await opens(url);
  const events: string[] = [];
  client.on("message", (data) => events.push(data.toString()));
  client.on("pong", () => events.push("pong"));
  client.on("close", (code, reason) => events.push(`closed ${code} ${reason}`));
  client.ping();
  await expect.poll(() => events).toEqual(["pong"]);
  const socket = opened[0]?.socket;
  for (let i = 0; i < 100; i++) socket?.send({ text: `${i}` });
  socket?.close(CloseCode.tooSlow, "too slow");
  await expect.poll(() => events.at(-1)).toBe(`closed ${CloseCode.tooSlow} too slow`);
  expect(events.slice(1, -1)).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`));
  await expect.poll(() => opened[0]?.closed).toBe(true);
});

test("one frame for many sockets is the same bytes to each", async () => {
  const { url, opened } = await listening();
  const all = await Promise.all(Array.from({ length: 20 }, () => opens(url)));
  const received = Promise.all(all.map(nextMessage));
  const frame = { text: "to all" };
  for (const { socket } of opened) socket.send(frame);
  expect(await received).toEqual(all.map(() => "to all"));
});

test("what is sent in one turn of the event loop leaves in one write", async () => {
  const { url, opened, upgrades } = await listening();
  const client = (await open(url)) as WebSocket;
  const { socket } = opened[0] as Opened;
  const { connection } = upgrades[0] as Listening["upgrades"][number];
  const heard: string[] = [];
  client.on("message", (data) => heard.push(data.toString()));
  const writes = vi.spyOn(connection, "write");
  for (const texts of [["outcome", "a state, with é"], ["the next state"]]) {
    writes.mockClear();
    for (const text of texts) socket.send({ text });
    expect(writes).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(heard).toContain(texts.at(-1)));
    expect(writes).toHaveBeenCalledTimes(1);
  }
  expect(heard).toEqual(["outcome", "a state, with é", "the next state"]);
});

test("bytes that a client has not read count as buffered", async () => {
  const { url, opened } = await listening();
  const client = await opens(url);
  client.pause();
  const socket = opened[0]?.socket;
  const text = "x".repeat(1_000_000);
  for (let i = 0; i < 30; i++) socket?.send({ text });
  expect(socket?.bufferedAmount).toBeGreaterThan(8_000_000);
  client.resume();
  await expect.poll(() => socket?.bufferedAmount).toBe(0);
});

test("pages of the same host, listed origins and clients without an origin may connect; all others are refused", async () => {
  const { url, port } = await listening({ origins: ["https://app.example"] });
  expect(await open(url, { Origin: `http://127.0.0.1:${port}` })).toBeInstanceOf(WebSocket);
  expect(await open(url, { Origin: "https://app.example" })).toBeInstanceOf(WebSocket);
  expect(await open(url)).toBeInstanceOf(WebSocket);
  for (const Origin of [
    "null",
    "http://evil.example",
    `http://localhost:${port}`,
    "http://127.0.0.1",
    "file://",
    "https://app.example.evil",
  ]) {
    expect([Origin, await open(url, { Origin })]).toEqual([Origin, 403]);
  }
});

test("identify is called once, at the upgrade, with the request's headers", async () => {
  const { url, opened } = await listening({
    identify: async ({ headers }) => ({ subject: headers.get("cookie")?.split("=")[1] ?? "anonymous" }),
  });
  await opens(url, { Cookie: "user=ada" });
  expect(opened[0]?.caller).toEqual({ subject: "ada" });
});

test("an identify that throws, or returns undefined, refuses the socket; the client is not told why, the log is", async () => {
  const failing = await listening({
    identify: () => {
      throw new Error("secret");
    },
  });
  expect(await open(failing.url)).toBe(500);
  expect(failing.clock.lines).toMatchObject([{ level: "error", about: { error: new Error("secret") } }]);
  const forgetful = await listening({ identify: (() => undefined) as never });
  expect(await open(forgetful.url)).toBe(500);
  expect(String(forgetful.clock.lines[0]?.about?.error)).toMatch(/Expected `identify`.*undefined/);
});

test.each([
  ["at once", () => ({ subject: "ada", session: new Map([["since", () => 0]]) })],
  ["later", async () => ({ subject: "ada", session: new Map([["since", () => 0]]) })],
])("an identity with a claim that is not serialisable, returned %s, refuses the socket", async (_, identify) => {
  const { url, clock, opened } = await listening({ identify });
  expect(await open(url)).toBe(500);
  expect(String(clock.lines[0]?.about?.error)).toContain("cannot travel");
  expect(opened).toEqual([]);
});

test("a client may disconnect while identify runs", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<null>();
  const { port, opened, sockets, upgrades } = await listening({
    identify: () => {
      asked.resolve();
      return answer.promise;
    },
  });
  const connection = handshake(port);
  await asked.promise;
  connection.resetAndDestroy();
  await expect.poll(() => upgrades[0]?.connection.destroyed).toBe(true);
  answer.resolve(null);
  await upgrades[0]?.accepted;
  expect(opened.filter((each) => !each.closed)).toEqual([]);
  expect(sockets.count).toBe(0);
});

test("above the limit of sockets, and while draining, a new socket is refused with 503", async () => {
  const { url, sockets } = await listening({ sockets: 2 });
  const first = await opens(url);
  await opens(url);
  expect(await open(url)).toBe(503);
  first.close();
  await expect.poll(() => sockets.count).toBe(1);
  await opens(url);
  const draining = await listening();
  draining.sockets.drain();
  expect(await open(draining.url)).toBe(503);
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<null>();
  const slow = await listening({
    identify: () => {
      asked.resolve();
      return answer.promise;
    },
  });
  const late = open(slow.url);
  await asked.promise;
  slow.sockets.drain();
  answer.resolve(null);
  expect(await late).toBe(503);
  expect(slow.opened).toEqual([]);
});

test("a socket behind a proxy that writes X-Forwarded-Proto: wss is let in", async () => {
  const { url } = await listening({ trustProxy: 1 });
  const headers = { Origin: "https://app.example", "X-Forwarded-Host": "app.example", "X-Forwarded-Proto": "wss" };
  expect(await open(url, headers)).toBeInstanceOf(WebSocket);
});

test("a refused origin is a line in the log that names it, the host and TRUST_PROXY", async () => {
  const { url, port, clock } = await listening();
  expect(await open(url, { Origin: "https://app.example" })).toBe(403);
  expect(await open(url, { Origin: "https://app.example" })).toBe(403);
  expect(clock.lines).toEqual([{ level: "warn", message: expect.stringMatching(/app\.example.*TRUST_PROXY/) }]);
  expect(clock.lines[0]?.message).toContain(`127.0.0.1:${port}`);
});

test("one address has its limit of sockets, where a trusted proxy tells it; a peer of this machine has none", async () => {
  const proxied = await listening({ trustProxy: 1, socketsPerAddress: 2 });
  const from = (address: string) => open(proxied.url, { "X-Forwarded-For": `9.9.9.9, ${address}` });
  const first = (await from("2001:db8:1:2::1")) as WebSocket;
  await from("2001:db8:1:2::2");
  expect(await from("2001:db8:1:2:ffff::3")).toBe(429);
  expect(await from("2001:db8:1:3::1")).toBeInstanceOf(WebSocket);
  first.close();
  await expect.poll(() => from("2001:db8:1:2::3")).toBeInstanceOf(WebSocket);
  expect(proxied.opened[0]?.address).toBe("2001:db8:1:2::/64");

  const direct = await listening({ socketsPerAddress: 2 });
  for (let i = 0; i < 4; i++) expect(await open(direct.url)).toBeInstanceOf(WebSocket);
  expect(direct.opened[0]?.address).toBeUndefined();
});

test("a message in more than 64 fragments closes its socket before the last is there", async () => {
  const { url, opened } = await listening();
  const client = await opens(url);
  for (let i = 0; i < 64; i++) client.send("x", { fin: i === 63 });
  await expect.poll(() => opened[0]?.messages).toEqual(["x".repeat(64)]);
  for (let i = 0; i < 65; i++) client.send("x", { fin: false });
  expect((await once(client, "close"))[0]).toBe(1008);
});

test.each([
  ["sends a message in too many fragments", (connection: Socket) => connection.write(Buffer.concat(fragments(65)))],
  ["is closed by the server", (_: Socket, engine: Opened) => engine.socket.close(CloseCode.handshakeTimeout, "late")],
])(
  "a client that %s has 5 s to answer the close frame, although it reads nothing and sends on",
  async (_, misbehave) => {
    const { port, opened, upgrades, clock, sockets } = await listening();
    const connection = handshake(port).on("error", () => {});
    await expect.poll(() => opened).toHaveLength(1);
    connection.pause();
    misbehave(connection, opened[0] as Opened);
    await expect.poll(() => clock.waiting).toBe(1);
    clock.advance(4_999);
    connection.write(Buffer.concat(fragments(3)));
    expect(upgrades[0]?.connection.destroyed).toBe(false);
    clock.advance(1);
    expect(upgrades[0]?.connection.destroyed).toBe(true);
    await expect.poll(() => sockets.count).toBe(0);
    connection.destroy();
  },
);

test("what is no message ends the client's connection to the engine at once", async () => {
  const { port, opened } = await listening();
  const connection = handshake(port).on("error", () => {});
  await expect.poll(() => opened).toHaveLength(1);
  connection.write(Buffer.concat(fragments(65)));
  await expect.poll(() => opened[0]?.closed).toBe(true);
  connection.destroy();
});

test("a binary message or one that is too large closes the socket with its code", async () => {
  const { url, opened } = await listening({ frameBytes: 1_000 });
  const binary = await opens(url);
  binary.send(Buffer.from("{}"));
  expect((await once(binary, "close"))[0]).toBe(CloseCode.badMessage);
  const large = await opens(url);
  large.send("x".repeat(1_001));
  expect((await once(large, "close"))[0]).toBe(1009);
  expect(opened.map((each) => each.messages)).toEqual([[], []]);
  await expect.poll(() => opened.every((each) => each.closed)).toBe(true);
});
