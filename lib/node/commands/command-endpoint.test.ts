import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { EngineScene } from "../../../tests/support/engine-scene.ts";
import { createFunctions } from "../../functions/define.ts";
import { ConvexError } from "../../values/errors.ts";
import { type CommandEndpointOptions, commandEndpoint } from "./command-endpoint.ts";

const { query, mutation, internalMutation } = createFunctions<Record<string, never>>();

let messages: string[];
const list = query({ handler: async () => messages });
const send = mutation({
  args: z.object({ text: z.string() }),
  handler: async ({ scheduler, auth }, { text }) => {
    if (text === "") throw new ConvexError({ code: "empty" });
    messages.push(`${(await auth.getUserIdentity())?.subject ?? "anonymous"}: ${text}`);
    await scheduler.invalidate(list);
    return { at: new Date(0) };
  },
});
const clear = internalMutation({
  handler: async ({ scheduler }) => {
    messages = [];
    await scheduler.invalidate(list);
  },
});

const token = "the-token-of-this-start";
const authorized = { "content-type": "application/json", authorization: `Bearer ${token}` };
let scene: EngineScene;
let server: Server;
let isDraining: boolean;
beforeEach(() => {
  messages = [];
  isDraining = false;
  scene = new EngineScene({ messages: { list, send, clear } }, { limits: { frameBytes: 1_000 } });
});
afterEach(async () => {
  server.close().closeAllConnections();
  await scene.close();
});

async function listening(options: Partial<CommandEndpointOptions> = {}): Promise<string> {
  const { engine, clock } = scene;
  const endpoint = commandEndpoint({ engine, token, log: clock.log, trustProxy: 0, ...options });
  server = createServer((request, response) => {
    if (!endpoint(request, response, { isDraining })) response.writeHead(299).end("not ours");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/_convex/run`;
}

async function post(url: string, body: unknown, headers: Record<string, string> = authorized) {
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

test("who has the token runs any function, internal ones too, as any identity", async () => {
  const url = await listening();
  const sent = await post(url, { path: "messages:send", args: { text: "Hi" }, identity: { subject: "ada" } });
  expect(sent).toEqual({ status: 200, body: { ok: true, value: { at: { $t: ["date", 0] } } } });
  await post(url, { path: "messages:send", args: { text: "Ho" } });
  expect((await post(url, { path: "messages:list" })).body).toEqual({ ok: true, value: ["ada: Hi", "anonymous: Ho"] });
  expect(await post(url, { path: "messages:clear" })).toMatchObject({ status: 200 });
  expect(messages).toEqual([]);
  expect(scene.clock.lines[0]).toEqual({ level: "info", message: "messages:send is run from the command line" });
});

test("without the token, or with another, nothing is run, and nothing is said of what there is", async () => {
  const url = await listening();
  const { authorization: _, ...foreign } = authorized;
  for (const headers of [
    foreign,
    { ...foreign, authorization: "Bearer" },
    { ...foreign, authorization: `Bearer ${token}x` },
    { ...foreign, authorization: `Bearer ${token.slice(1)}` },
    { ...foreign, authorization: token },
  ]) {
    const refused = await post(url, { path: "messages:send", args: { text: "Hi" } }, headers);
    expect(refused).toMatchObject({ status: 401, body: { ok: false, error: { kind: "badRequest" } } });
    expect((await post(url, { path: "messages:nothing" }, headers)).body).toEqual(refused.body);
  }
  expect(messages).toEqual([]);
});

test("a server without a token has no such path", async () => {
  const url = await listening({ token: undefined });
  expect((await fetch(url, { method: "POST", headers: authorized, body: "{}" })).status).toBe(299);
  expect((await fetch(url.replace("run", "other"), { headers: authorized })).status).toBe(299);
});

test("a page of another origin is refused, although it had the token", async () => {
  const url = await listening();
  const page = { ...authorized, origin: "http://evil.example" };
  expect((await post(url, { path: "messages:clear" }, page)).status).toBe(403);
});

test.each([
  [{ path: "messages:list" }, "GET", authorized, 405],
  [{ path: "messages:list" }, "POST", { authorization: `Bearer ${token}`, "content-type": "text/plain" }, 415],
  [{ path: "x".repeat(1_000) }, "POST", authorized, 413],
  [{ path: "x".repeat(600) }, "POST", authorized, 400],
  [{ path: "messages:list", extra: 1 }, "POST", authorized, 400],
  [{ path: "messages:list", args: [] }, "POST", authorized, 400],
  [{ path: "messages:list", args: { a: { $t: ["nothing"] } } }, "POST", authorized, 400],
  [{ path: "messages:list", identity: {} }, "POST", authorized, 400],
  [{ path: "messages:list", identity: "ada" }, "POST", authorized, 400],
  [{ path: "messages:send", args: {} }, "POST", authorized, 400],
  [{ path: "messages:send", args: { text: "" } }, "POST", authorized, 422],
  [{ path: "messages:sent" }, "POST", authorized, 404],
  [{ path: "messages:send", watch: true }, "POST", authorized, 400],
] as const)("%j is refused", async (body, method, headers, status) => {
  const url = await listening();
  const init = method === "GET" ? {} : { body: JSON.stringify(body) };
  const response = await fetch(url, { method, headers, ...init });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ ok: false });
});

test.each([
  ["messages:sent", "There is no messages:sent. Did you mean messages:send (mutation)?"],
  ["api.messages.list", "There is no api.messages.list. Did you mean messages:list (query)?"],
  ["messages:lst", "There is no messages:lst. Did you mean messages:list (query)?"],
  ["zebra", "There is no zebra. Expected the path of a function in convex/, such as messages:list"],
])("%s is none: the answer says what is like it", async (path, message) => {
  const { body } = await post(await listening(), { path });
  expect(body).toMatchObject({ error: { kind: "badRequest", unknownFunction: true } });
  expect(body.error.message).toContain(message);
});

test("a query that is watched is a line for each answer, and ends when the server drains", async () => {
  const url = await listening();
  const body = JSON.stringify({ path: "messages:list", watch: true });
  const response = await fetch(url, { method: "POST", headers: authorized, body });
  expect(response.headers.get("content-type")).toBe("application/x-ndjson");
  const lines = createInterface(Readable.fromWeb(response.body as never))[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? "");
  expect(await next()).toEqual({ ok: true, value: [] });
  await post(url, { path: "messages:send", args: { text: "Hi" } });
  expect(await next()).toEqual({ ok: true, value: ["anonymous: Hi"] });
  void scene.engine.drain();
  expect(await lines.next()).toMatchObject({ done: true });
});

test("what is watched costs nothing when its client has left", async () => {
  const url = await listening();
  const left = new AbortController();
  const body = JSON.stringify({ path: "messages:list", watch: true });
  await fetch(url, { method: "POST", headers: authorized, body, signal: left.signal });
  await expect.poll(() => scene.engine.counters.queryRuns).toBe(1);
  left.abort();
  const ended = () => post(url, { path: "messages:send", args: { text: "Hi" } }).then(() => scene.rest());
  await expect
    .poll(async () => {
      const before = scene.engine.counters.queryRuns;
      await ended();
      return scene.engine.counters.queryRuns - before;
    })
    .toBe(0);
});

test("a server that drains begins nothing", async () => {
  const url = await listening();
  isDraining = true;
  expect((await post(url, { path: "messages:clear" })).status).toBe(503);
});
