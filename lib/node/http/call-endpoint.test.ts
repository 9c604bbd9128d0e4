import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { EngineCall } from "../../engine/calls/calls.ts";
import { defaultLimits } from "../../engine/run/limits.ts";
import { LongWork } from "../../engine/run/long-work.ts";
import { MessageBudget } from "../../engine/run/message-budget.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import type { Wire } from "../../values/wire.ts";
import { type HttpEndpointOptions, httpEndpoint } from "./call-endpoint.ts";

type Answering = (call: EngineCall) => Promise<Outcome<Wire>> | Outcome<Wire>;

interface Listening {
  url: string;
  port: number;
  calls: EngineCall[];
  clock: HandClock;
  drain(): void;
}

const noQuery = async () => null;
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function listening(answering: Answering, options: Partial<HttpEndpointOptions> = {}): Promise<Listening> {
  const calls: EngineCall[] = [];
  const clock = new HandClock();
  let isDraining = false;
  const endpoint = httpEndpoint({
    engine: {
      limits: { ...defaultLimits, frameBytes: 1_000 },
      messageBudget: new MessageBudget(defaultLimits.serverMessageBytes),
      longWork: new LongWork(clock),
      queryFresh: noQuery,
      callAsText: async (call) => {
        calls.push(call);
        const outcome = await answering(call);
        return outcome.ok ? { ok: true, value: JSON.stringify(outcome.value) } : outcome;
      },
    },
    identify: () => null,
    log: clock.log,
    trustProxy: 0,
    clock,
    ...options,
  });
  const server = createServer((request, response) => {
    if (!endpoint(request, response, { isDraining })) response.writeHead(299).end("not ours");
  });
  server.listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const drain = () => {
    isDraining = true;
  };
  return { url: `http://127.0.0.1:${port}/api/convex`, port, calls, clock, drain };
}

const json = { "content-type": "application/json" };

async function post(url: string, body: unknown, headers: Record<string, string> = json) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(url, { method: "POST", headers, body: text });
  return { status: response.status, body: (await response.json()) as Outcome<Wire>, headers: response.headers };
}

const succeed: Answering = () => ({ ok: true, value: { at: { $t: ["date", 0] } } });

test("a result is sent as the text that the engine has written, and is not read for that", async () => {
  const valueText = '[ 1e3,{"a" :"b"} ]';
  const { url } = await listening(succeed, {
    engine: {
      limits: defaultLimits,
      messageBudget: new MessageBudget(1_000),
      longWork: new LongWork(new HandClock()),
      queryFresh: noQuery,
      callAsText: async () => ({ ok: true, value: valueText }),
    },
  });
  const body = JSON.stringify({ path: "messages:list" });
  const response = await fetch(`${url}/query`, { method: "POST", headers: json, body });
  expect(await response.text()).toBe(`{"ok":true,"value":${valueText}}`);
});

/** An endpoint whose long calls take turns by a clock that is moved by hand. */
async function listeningInTurns() {
  const clock = new HandClock();
  const longWork = new LongWork(clock);
  const messageBudget = new MessageBudget(defaultLimits.serverMessageBytes);
  const callAsText = async () => ({ ok: true as const, value: "1" });
  const engine = { limits: defaultLimits, messageBudget, longWork, callAsText, queryFresh: noQuery };
  const { url } = await listening(succeed, { engine });
  return { url, clock, longWork, messageBudget };
}

test("a long call waits while the thread is left to others, and a short one does not", async () => {
  const { url, clock, longWork } = await listeningInTurns();
  longWork.tookLong(10);
  const long = post(`${url}/mutation`, { path: "it:long", args: { text: "x".repeat(100_000) } });
  await expect.poll(() => clock.waiting).toBe(2);
  expect((await post(`${url}/mutation`, { path: "it:short" })).status).toBe(200);
  clock.advance(30);
  expect((await long).status).toBe(200);
});

test("a long call whose turn does not come is turned away", async () => {
  const { url, clock, longWork, messageBudget } = await listeningInTurns();
  longWork.tookLong(1_000);
  const call = post(`${url}/mutation`, { path: "it:long", args: { text: "x".repeat(100_000) } });
  await expect.poll(() => clock.waiting).toBe(2);
  for (let ms = 0; ms < defaultLimits.heldTimeoutMs; ms += 500) {
    longWork.tookLong(1_000);
    clock.advance(500);
  }
  const { status, body } = await call;
  expect([status, body]).toMatchObject([503, { error: { kind: "unavailable", reason: "overloaded" } }]);
  expect(messageBudget.admits(defaultLimits.serverMessageBytes)).toBe(true);
});

test("a large call is turned away while those that run take too much, and a small one is answered", async () => {
  const begun = Promise.withResolvers<void>();
  const ending = Promise.withResolvers<void>();
  const { url } = await listening(succeed, {
    engine: {
      limits: defaultLimits,
      messageBudget: new MessageBudget(100_000),
      longWork: new LongWork(new HandClock()),
      queryFresh: noQuery,
      async callAsText({ path }) {
        if (path !== "it:large") return { ok: true, value: "1" };
        begun.resolve();
        await ending.promise;
        return { ok: true, value: "1" };
      },
    },
  });
  const large = { path: "it:large", args: { lists: Array.from({ length: 10_000 }, () => []) } };
  const first = post(`${url}/mutation`, large);
  await begun.promise;
  const { status, body, headers } = await post(`${url}/mutation`, large);
  expect([status, headers.get("retry-after")]).toEqual([503, "1"]);
  expect(body).toMatchObject({ error: { kind: "unavailable", reason: "overloaded" } });
  expect((await post(`${url}/mutation`, { path: "it:small" })).status).toBe(200);
  ending.resolve();
  expect((await first).status).toBe(200);
  expect((await post(`${url}/mutation`, large)).status).toBe(200);
});

test("a call runs with decoded arguments and is answered in wire form", async () => {
  const { url, calls } = await listening(succeed, {
    identify: ({ headers }) => ({ subject: headers.get("authorization") ?? "anonymous" }),
  });
  const { status, body, headers } = await post(
    `${url}/mutation`,
    { path: "messages:send", args: { at: { $t: ["date", 5] } } },
    { ...json, authorization: "ada" },
  );
  expect(status).toBe(200);
  expect(body).toEqual({ ok: true, value: { at: { $t: ["date", 0] } } });
  expect(headers.get("cache-control")).toBe("no-store");
  expect(calls).toMatchObject([
    { kind: "mutation", path: "messages:send", args: { at: new Date(5) }, caller: { subject: "ada" } },
  ]);
  await post(`${url}/query`, { path: "a:b" });
  await post(`${url}/action`, { path: "a:b", args: {} });
  expect(calls.map((call) => call.kind)).toEqual(["mutation", "query", "action"]);
  expect(calls[1]?.args).toEqual({});
});

test("the engine is told the address of a caller that a proxy has told, and when the caller has left", async () => {
  const asked = Promise.withResolvers<EngineCall>();
  const { url, calls } = await listening(
    (call) => {
      asked.resolve(call);
      return new Promise(() => {});
    },
    { trustProxy: 1 },
  );
  const leaving = new AbortController();
  const answer = fetch(`${url}/action`, {
    method: "POST",
    body: JSON.stringify({ path: "a:b" }),
    headers: { ...json, "x-forwarded-for": "9.9.9.9" },
    signal: leaving.signal,
  });
  const { address, signal } = await asked.promise;
  expect([address, signal?.aborted, calls.length]).toEqual(["9.9.9.9", false, 1]);
  leaving.abort();
  await expect(answer).rejects.toThrow();
  await expect.poll(() => signal?.aborted).toBe(true);
});

test("a caller that has its answer has not left", async () => {
  const { url, calls } = await listening(() => ({ ok: true, value: 1 }));
  expect((await post(`${url}/action`, { path: "a:b" })).status).toBe(200);
  await new Promise((resolve) => setImmediate(resolve));
  expect([calls[0]?.address, calls[0]?.signal?.aborted]).toEqual([undefined, false]);
});

test.each<[number, Outcome<Wire>]>([
  [400, { ok: false, error: { kind: "badRequest", message: "no", issues: [{ path: ["a"], message: "no" }] } }],
  [404, { ok: false, error: { kind: "badRequest", message: "no such function", unknownFunction: true } }],
  [422, { ok: false, error: { kind: "application", data: { code: 1 } } }],
  [500, { ok: false, error: { kind: "internal", incident: "abc" } }],
  [503, { ok: false, error: { kind: "unavailable", reason: "overloaded", message: "later" } }],
])("status %i stands for its kind of error, which is passed on as it is", async (expected, outcome) => {
  const { url } = await listening(() => outcome);
  const { status, body } = await post(`${url}/query`, { path: "a:b", args: {} });
  expect(status).toBe(expected);
  expect(body).toEqual(outcome);
});

test.each([
  ["not JSON", "{"],
  ["no object", "[]"],
  ["no path", {}],
  ["a key that is unknown", { path: "a:b", args: {}, more: 1 }],
  ["arguments that are no object", { path: "a:b", args: [1] }],
  ["arguments that decode to no object", { path: "a:b", args: { $t: ["map", []] } }],
  ["a tag that is unknown", { path: "a:b", args: { x: { $t: ["nope"] } } }],
  ["a name that reaches into objects", '{"path":"a:b","args":{"__proto__":{"x":1}}}'],
  ["nesting without end", `{"path":"a:b","args":{"x":${"[".repeat(400)}${"]".repeat(400)}}}`],
])("%s is refused with 400 and never reaches the engine", async (_what, body) => {
  const { url, calls } = await listening(succeed);
  const answer = await post(`${url}/query`, body);
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({ ok: false, error: { kind: "badRequest" } });
  expect(calls).toEqual([]);
});

test("anything but JSON by POST from an allowed origin is refused", async () => {
  const { url, port, calls } = await listening(succeed, { origins: ["https://app.example"] });
  const call = { path: "a:b", args: {} };
  expect((await post(`${url}/query`, call, { "content-type": "text/plain" })).status).toBe(415);
  expect((await post(`${url}/query`, call, { "content-type": "application/jsonp" })).status).toBe(415);
  expect((await post(`${url}/query`, call, { ...json, origin: "http://evil.example" })).status).toBe(403);
  expect((await post(`${url}/query`, call, { ...json, origin: "null" })).status).toBe(403);
  expect((await fetch(`${url}/query`)).status).toBe(405);
  expect((await fetch(`${url}/query`, { method: "OPTIONS", headers: { origin: "http://evil.example" } })).status).toBe(
    403,
  );
  expect(calls).toEqual([]);
  expect((await post(`${url}/query`, call, { ...json, origin: `http://127.0.0.1:${port}` })).status).toBe(200);
  const listed = { origin: "https://app.example" };
  const preflight = await fetch(`${url}/query`, { method: "OPTIONS", headers: listed });
  expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([
    204,
    "https://app.example",
  ]);
  const answer = await post(`${url}/query`, call, { "content-type": "application/json; charset=utf-8", ...listed });
  expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([200, "https://app.example"]);
});

test("a body that is too large is refused with 413, with or without Content-Length, and is not kept", async () => {
  const { url, port, calls, clock } = await listening(succeed);
  expect((await post(`${url}/query`, "x".repeat(1_001))).status).toBe(413);
  const connection = connect(port, "127.0.0.1");
  connection.on("error", () => {});
  connection.write(
    "POST /api/convex/query HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  for (let i = 0; i < 3; i++) connection.write(`190\r\n${"x".repeat(400)}\r\n`);
  const [head] = (await once(connection, "data")) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 413[\s\S]*connection: close/i);
  clock.advance(2_000);
  await once(connection, "close");
  expect(calls).toEqual([]);
});

test("above the limit of calls, one caller gets 429 and all callers get 503", async () => {
  let gate = Promise.withResolvers<Outcome<Wire>>();
  const { url, calls } = await listening(() => gate.promise, { calls: 3, callsPerAddress: 2, trustProxy: 1 });
  const callFrom = (address: string) =>
    post(`${url}/query`, { path: "a:b", args: {} }, { ...json, "x-forwarded-for": address });
  const running = [callFrom("1.1.1.1"), callFrom("1.1.1.1"), callFrom("2.2.2.2")];
  await expect.poll(() => calls).toHaveLength(3);
  const refused = await callFrom("1.1.1.1");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  expect((await callFrom("3.3.3.3")).status).toBe(503);
  gate.resolve({ ok: true, value: null });
  expect((await Promise.all(running)).map((answer) => answer.status)).toEqual([200, 200, 200]);
  // Calls that have ended are no longer counted.
  gate = Promise.withResolvers();
  const again = [callFrom("1.1.1.1"), callFrom("1.1.1.1"), callFrom("2.2.2.2")];
  await expect.poll(() => calls).toHaveLength(6);
  gate.resolve({ ok: true, value: null });
  expect((await Promise.all(again)).map((answer) => answer.status)).toEqual([200, 200, 200]);
});

const head = (more: string) =>
  `POST /api/convex/query HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${more}\r\n\r\n`;

/** A client that writes bytes and keeps what it has read. */
function rawClient(port: number) {
  const connection = connect(port, "127.0.0.1");
  let read = "";
  let isClosed = false;
  connection.on("error", () => {}).on("close", () => (isClosed = true));
  connection.on("data", (chunk) => (read += chunk));
  return { connection, read: () => read, isClosed: () => isClosed };
}

test.each([
  ["a limit", { "content-length": `Content-Length: ${5 * 1024 * 1024}` }, 413],
  ["its origin", { "content-length": `Content-Length: ${5 * 1024 * 1024}\r\nOrigin: http://evil.example` }, 403],
])(
  "a client that is refused for %s while it sends 5 MiB can send them all, and then reads why",
  async (_, more, status) => {
    const { port } = await listening(succeed);
    const client = rawClient(port);
    client.connection.write(head(more["content-length"]));
    // It reads nothing before it has sent everything, as most clients do.
    client.connection.pause();
    await expect.poll(() => client.connection.readyState).toBe("open");
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => client.connection.write("x".repeat(1024 * 1024), resolve));
    }
    client.connection.resume();
    await expect.poll(client.read).toContain(`HTTP/1.1 ${status}`);
    await expect.poll(client.isClosed).toBe(true);
  },
);

test("a refused body without end is not read for longer than 2 s", async () => {
  const { port, clock } = await listening(succeed);
  const client = rawClient(port);
  client.connection.write(`${head("Content-Length: 5000000")}begun`);
  await expect.poll(client.read).toContain("HTTP/1.1 413");
  expect(client.isClosed()).toBe(false);
  clock.advance(2_000);
  await expect.poll(client.isClosed).toBe(true);
});

test("calls whose bodies do not come are answered with 408 after 10 s, and their address may call again", async () => {
  const { url, port, clock, calls } = await listening(succeed, { callsPerAddress: 2 });
  const stalled = [rawClient(port), rawClient(port)];
  for (const { connection } of stalled) connection.write(`${head("Content-Length: 100")}{`);
  const call = { path: "a:b", args: {} };
  await expect.poll(async () => (await post(`${url}/query`, call)).status).toBe(429);
  clock.advance(10_000);
  for (const { read } of stalled) await expect.poll(read).toMatch(/^HTTP\/1\.1 408[\s\S]*"timedOut"/);
  clock.advance(2_000);
  await expect.poll(async () => (await post(`${url}/query`, call)).status).toBe(200);
  expect(calls).toHaveLength(1);
});

test("a client that leaves while it sends its body is not logged", async () => {
  const { url, port, clock } = await listening(succeed, { callsPerAddress: 1 });
  const client = rawClient(port);
  client.connection.write(`${head("Content-Length: 100")}{`);
  const call = { path: "a:b", args: {} };
  await expect.poll(async () => (await post(`${url}/query`, call)).status).toBe(429);
  client.connection.resetAndDestroy();
  await expect.poll(async () => (await post(`${url}/query`, call)).status).toBe(200);
  expect(clock.lines).toEqual([]);
});

test("a call holds its slot until its answer has been read, for 30 s at most", async () => {
  const large: Answering = () => ({ ok: true, value: "x".repeat(32 * 1024 * 1024) });
  const { url, port, clock } = await listening(large, { callsPerAddress: 1 });
  const client = rawClient(port);
  const body = JSON.stringify({ path: "a:b", args: {} });
  client.connection.write(`${head(`Content-Length: ${body.length}`)}${body}`);
  await once(client.connection, "data");
  client.connection.pause();
  const next = () => post(`${url}/query`, "{").then(({ status }) => status);
  expect(await next()).toBe(429);
  clock.advance(29_999);
  expect(await next()).toBe(429);
  clock.advance(1);
  await expect.poll(next).toBe(400);
});

test("a refused origin is a line in the log that names it, the host and TRUST_PROXY, and many are ten lines", async () => {
  const { url, port, clock } = await listening(succeed);
  for (let i = 0; i < 30; i++) {
    await post(`${url}/query`, {}, { ...json, origin: `https://${i}.example` });
  }
  expect(clock.lines).toHaveLength(10);
  expect(clock.lines[0]?.message).toMatch(
    new RegExp(`origin https://0\\.example, .* called is 127\\.0\\.0\\.1:${port}\\..*TRUST_PROXY.*it is 0`),
  );
});

test("while the server drains, a call gets 503 and does not run", async () => {
  const { url, calls, drain } = await listening(succeed);
  expect((await post(`${url}/mutation`, { path: "a:b", args: {} })).status).toBe(200);
  drain();
  const refused = await post(`${url}/mutation`, { path: "a:b", args: {} });
  expect(refused).toMatchObject({
    status: 503,
    body: { ok: false, error: { kind: "unavailable", reason: "notSent" } },
  });
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(calls).toHaveLength(1);
});

test("an unexpected error gets 500 with an incident; the log has the error", async () => {
  const { url, clock } = await listening(() => {
    throw new Error("secret");
  });
  const { status, body } = await post(`${url}/query`, { path: "a:b", args: {} });
  expect([status, JSON.stringify(body)]).toEqual([500, expect.not.stringContaining("secret")]);
  expect(clock.lines).toMatchObject([{ level: "error", about: { error: new Error("secret") } }]);
});

test("an identify that throws gets 500, and the function does not run", async () => {
  const { url, calls } = await listening(succeed, {
    identify: () => {
      throw new Error("secret");
    },
  });
  expect(await post(`${url}/query`, { path: "a:b", args: {} })).toMatchObject({
    status: 500,
    body: { ok: false, error: { kind: "internal", incident: expect.any(String) } },
  });
  expect(calls).toEqual([]);
});

test("every other path is left to Next", async () => {
  const { url } = await listening(succeed);
  for (const path of ["", "/", "/queries", "/query/more", "/Query"]) expect((await fetch(url + path)).status).toBe(299);
});
