import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, request as httpRequest, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { SettingsError } from "../process/settings.ts";
import { type Handlers, type HttpServer, listen } from "./http-server.ts";

const open: HttpServer[] = [];
afterEach(async () => {
  for (const http of open.splice(0)) await http.close();
});

async function taken(host = "localhost"): Promise<HttpServer> {
  const http = await listen({ host, port: 0 });
  open.push(http);
  return http;
}

function rooms(overrides: Partial<Handlers> = {}): Handlers {
  return {
    calls: () => false,
    next: { request: async (_request, response) => void response.end("a page"), upgrade: () => false },
    sockets: {
      accept: async (_request, connection) => void connection.end("accepted"),
      drain() {},
      close() {},
      count: 0,
    },
    ...overrides,
  };
}

/** The first line of the answer to an upgrade. */
async function upgrade(url: string, path: string, { protocol = "websocket", host = "x" } = {}): Promise<string> {
  const { hostname, port } = new URL(url);
  const connection = connect(Number(port), hostname === "localhost" ? "127.0.0.1" : hostname);
  connection.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
  const [data] = (await once(connection, "data")) as [Buffer];
  connection.destroy();
  return data.toString().split("\r\n")[0] as string;
}

test("an early request waits until the server is open, and /healthz tells the state", async () => {
  const http = await taken();
  const health = async () => {
    const response = await fetch(`${http.url}/healthz`);
    return [response.status, await response.json()];
  };
  expect(await health()).toEqual([503, { status: "starting" }]);
  const page = fetch(http.url);
  http.open(rooms());
  expect(await (await page).text()).toBe("a page");
  expect(await health()).toEqual([200, { status: "ok" }]);
  http.drain();
  expect(await health()).toEqual([503, { status: "draining" }]);
  expect((await fetch(http.url)).headers.get("connection")).toBe("close");
});

test("/healthz stays 200 while mutations cannot write, and says why", async () => {
  const http = await taken();
  const engine: { unwritable: string | undefined } = { unwritable: "the disk is full" };
  http.open(rooms({ engine }));
  const health = async () => {
    const response = await fetch(`${http.url}/healthz`);
    return [response.status, await response.json()];
  };
  expect(await health()).toEqual([200, { status: "ok", writable: false, reason: "the disk is full" }]);
  engine.unwritable = undefined;
  expect(await health()).toEqual([200, { status: "ok" }]);
});

test("the endpoint of calls learns whether the server drains", async () => {
  const http = await taken();
  const told: (boolean | undefined)[] = [];
  const calls: Handlers["calls"] = (_request, response, facts) => {
    told.push(facts?.isDraining);
    response.end();
    return true;
  };
  http.open(rooms({ calls }));
  await fetch(http.url);
  http.drain();
  await fetch(http.url);
  expect(told).toEqual([false, true]);
});

test("a path that cannot be decoded gets 400", async () => {
  const http = await taken();
  http.open(rooms());
  const malformed = await fetch(`${http.url}/chat/%E0%A4%A`);
  expect(malformed.status).toBe(400);
  expect(await malformed.text()).toContain("Expected an address in UTF-8");
  expect((await fetch(`${http.url}/chat/%E0%A4%A4`)).status).toBe(200);
});

test("in development a name that any site may have is served no page, no call and no socket, and a line says so", async () => {
  const clock = new HandClock();
  const settings = { host: "localhost", port: 0, development: true, allowedHosts: ["app.test"], trustProxy: 0 };
  const http = await listen(settings, clock.log);
  open.push(http);
  let calls = 0;
  http.open(
    rooms({
      calls: () => {
        calls++;
        return false;
      },
    }),
  );
  const get = (host: string, path: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      httpRequest(`${http.url}${path}`, { headers: { host }, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
  for (const path of ["/", "/api/convex/query"]) {
    expect([path, await get("evil.example:3000", path)]).toEqual([path, 403]);
    expect([path, await get("app.test:3000", path)]).toEqual([path, 200]);
  }
  expect(calls).toBe(2);
  expect(await get("evil.example", "/healthz")).toBe(200);
  expect(await upgrade(http.url, "/api/sync", { host: "evil.example:3000" })).toBe("HTTP/1.1 403 Forbidden");
  expect(await upgrade(http.url, "/api/sync", { host: "localhost:3000" })).toBe("accepted");
  expect(clock.lines).toEqual([
    { level: "warn", message: expect.stringMatching(/evil\.example:3000.*ALLOWED_HOSTS=evil\.example$/) },
  ]);
});

test("localhost means both of its addresses", async () => {
  const http = await taken();
  http.open(rooms());
  const { port } = new URL(http.url);
  expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe("a page");
  const hasIpv6 = await fetch(`http://[::1]:${port}`).then(
    (response) => response.ok,
    () => "no such address here",
  );
  expect([true, "no such address here"]).toContain(hasIpv6);
});

test("a server on every address of the machine is called localhost", async () => {
  const http = await taken("0.0.0.0");
  http.open(rooms());
  expect(http.url).toMatch(/^http:\/\/localhost:\d+$/);
  expect((await fetch(http.url)).status).toBe(200);
});

test("the error for a busy port names it and what to do", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  await expect(listen({ host: "localhost", port })).rejects.toThrow(SettingsError);
  await expect(listen({ host: "127.0.0.1", port })).rejects.toThrow(`Port ${port} on 127.0.0.1 is in use`);
  other.close();
  await expect(listen({ host: "192.0.2.1", port: 0 })).rejects.toThrow("HOST: expected an address of this machine");
});

test("upgrades to /api/sync become sockets; other upgrades are refused or answered as plain requests", async () => {
  const http = await taken();
  http.open(rooms());
  expect(await upgrade(http.url, "/api/sync")).toBe("accepted");
  expect(await upgrade(http.url, "/api/sync?x=1")).toBe("accepted");
  expect(await upgrade(http.url, "/elsewhere")).toBe("HTTP/1.1 404 Not Found");
  expect(await upgrade(http.url, "/", { protocol: "h2c" })).toBe("HTTP/1.1 200 OK");
  expect((await fetch(`${http.url}/api/sync`)).status).toBe(426);
});

test("below the basePath of the pages the same paths are served as at the root", async () => {
  const http = await taken();
  const called: unknown[] = [];
  const calls: Handlers["calls"] = (_request, response, facts) => {
    called.push(facts?.path);
    response.end("a call");
    return true;
  };
  const { next } = rooms();
  http.open(rooms({ calls, next: { ...next, basePath: "/shop" } }));
  expect(await upgrade(http.url, "/shop/api/sync")).toBe("accepted");
  expect(await upgrade(http.url, "/api/sync")).toBe("accepted");
  expect(await upgrade(http.url, "/shopping/api/sync")).toBe("HTTP/1.1 404 Not Found");
  expect(await (await fetch(`${http.url}/shop/healthz`)).json()).toEqual({ status: "ok" });
  expect((await fetch(`${http.url}/shop/api/sync`)).status).toBe(426);
  for (const path of ["/shop/api/convex/query?a=1", "/api/convex/query", "/shopping", "/shop"])
    await fetch(http.url + path);
  expect(called).toEqual(["/api/convex/query", "/api/convex/query", "/shopping", "/shop"]);
});

test("a slash at the end, as `trailingSlash` and some proxies add it, leads to the same", async () => {
  const http = await taken();
  const { next } = rooms();
  const calls: Handlers["calls"] = (_request, response, facts) => {
    response.end(facts?.path);
    return true;
  };
  http.open(rooms({ calls, next: { ...next, basePath: "/shop" } }));
  for (const base of ["", "/shop"]) {
    expect(await upgrade(http.url, `${base}/api/sync/`)).toBe("accepted");
    expect(await (await fetch(`${http.url}${base}/healthz/`)).json()).toEqual({ status: "ok" });
    expect(await (await fetch(`${http.url}${base}/api/convex/query/`)).text()).toBe("/api/convex/query");
  }
});

test("close waits for running requests and accepts no new ones", async () => {
  const http = await listen({ host: "127.0.0.1", port: 0 });
  const arrived = Promise.withResolvers<() => void>();
  const request = async (_request: unknown, response: ServerResponse) => arrived.resolve(() => response.end("done"));
  http.open(rooms({ next: { request, upgrade: () => false } }));
  const answer = fetch(http.url);
  const finish = await arrived.promise;
  let closed = false;
  const closing = http.close().then(() => {
    closed = true;
  });
  await expect(
    new Promise((resolve, reject) => httpRequest(http.url, { agent: false }, resolve).on("error", reject).end()),
  ).rejects.toThrow("ECONNREFUSED");
  expect(closed).toBe(false);
  finish();
  expect(await (await answer).text()).toBe("done");
  await closing;
});

describe("the file through which commands reach the server", () => {
  const at = (project: TemporaryProject) => ({ host: "127.0.0.1", port: 0, directory: join(project.root, ".convex") });

  test("holds the address, the process and a new token at each start, for this user only, and goes with the server", async () => {
    using project = new TemporaryProject({ ".convex/server.json": "left by a server that was killed" });
    const tokens: string[] = [];
    for (let start = 0; start < 2; start++) {
      const http = await listen({ ...at(project), development: true });
      const file = project.path(".convex/server.json");
      const { url, pid, token } = JSON.parse(readFileSync(file, "utf8"));
      expect([url, pid, token]).toEqual([http.url, process.pid, http.token]);
      expect(Buffer.from(token, "base64url")).toHaveLength(32);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      tokens.push(token);
      await http.close();
      expect(readdirSync(project.path(".convex"))).toEqual([]);
    }
    expect(new Set(tokens).size).toBe(2);
  });

  test("exists in production only where commands are admitted", async () => {
    using project = new TemporaryProject();
    const http = await listen(at(project));
    expect([http.token, existsSync(project.path(".convex/server.json"))]).toEqual([undefined, false]);
    await http.close();
    const admitting = await listen({ ...at(project), admin: true });
    expect([admitting.token?.length, existsSync(project.path(".convex/server.json"))]).toEqual([43, true]);
    await admitting.close();
  });

  test("stays where a later server has written its own", async () => {
    using project = new TemporaryProject();
    const first = await listen({ ...at(project), development: true });
    const second = await listen({ ...at(project), development: true });
    await first.close();
    expect(JSON.parse(readFileSync(project.path(".convex/server.json"), "utf8")).url).toBe(second.url);
    await second.close();
  });
});

test("in development a command that names another site's host is refused, whatever token it has", async () => {
  const http = await listen({ host: "127.0.0.1", port: 0, development: true });
  open.push(http);
  const commands = vi.fn(() => true);
  http.open(rooms({ commands }));
  const { port } = new URL(http.url);
  const asked = httpRequest({
    port,
    host: "127.0.0.1",
    method: "POST",
    path: "/_convex/run",
    headers: { host: "evil.example" },
  });
  const answered = once(asked, "response");
  asked.end();
  const [response] = await answered;
  expect([response.statusCode, commands.mock.calls.length]).toEqual([403, 0]);
});
