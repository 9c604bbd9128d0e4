import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type Settings, SettingsError } from "../process/settings.ts";
import { refuse, type Sockets, SYNC_PATH } from "./accept-sockets.ts";
import type { HttpEndpoint } from "./call-endpoint.ts";
import type { NextServer } from "./next-server.ts";

/** Who answers what arrives at the port. */
export interface Handlers {
  sockets: Sockets;
  calls: HttpEndpoint;
  next: Pick<NextServer, "request" | "upgrade">;
}

/**
 * The one port. It is taken before anything else starts, so that a busy one is known at once; whoever comes early
 * waits until it is opened, and finds a page instead of a refusal.
 */
export interface HttpServer {
  /** Where it is reached: `http://localhost:3000`. */
  readonly url: string;
  /** Lets everybody in. */
  open(rooms: Handlers): void;
  /** `GET /healthz` says from now on that this server should get no new work, and new calls are refused. */
  drain(): void;
  /** Accepts no new connections, and resolves when the requests that run are answered. */
  close(): Promise<void>;
}

/**
 * Takes the port. `localhost` is both of its addresses, IPv4 and IPv6, as far as the machine has them.
 * @throws {SettingsError} when the port is in use or not ours to take.
 */
export async function listen({ host, port }: Pick<Settings, "host" | "port">): Promise<HttpServer> {
  const opened = Promise.withResolvers<Handlers>();
  const state = { health: "starting" as Health, rooms: undefined as Handlers | undefined };
  const running = new Set<ServerResponse>();
  const listeners: Server[] = [];

  async function request(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(incoming);
    if (path === "/healthz") return answerHealth(response, state.health);
    if (!isWellFormed(path)) return refuseAddress(response);
    running.add(response);
    response.on("close", () => running.delete(response));
    if (state.health === "draining") response.setHeader("Connection", "close");
    if (path === SYNC_PATH) return askForUpgrade(response);
    const { calls, next } = await opened.promise;
    if (!calls(incoming, response, state.health === "draining")) await next.request(incoming, response);
  }

  async function upgradeLater(incoming: IncomingMessage, connection: Duplex, head: Buffer): Promise<void> {
    connection.on("error", ignore);
    const rooms = await opened.promise;
    connection.off("error", ignore);
    upgrade(rooms, incoming, connection, head);
  }

  function upgrade({ sockets, next }: Handlers, incoming: IncomingMessage, connection: Duplex, head: Buffer): void {
    if (pathOf(incoming) === SYNC_PATH) return sockets.accept(incoming, connection, head);
    if (!next.upgrade(incoming, connection, head))
      refuse(connection, 404, `Nothing to connect to here; see ${SYNC_PATH}.`);
  }

  for (const address of host === "localhost" ? ["127.0.0.1", "::1"] : [host]) {
    const listener = createServer({ shouldUpgradeCallback: isWebSocket });
    listener.on("request", (incoming, response) => {
      request(incoming, response).catch((error) => response.destroy(error));
    });
    listener.on("upgrade", (incoming, connection, head) => {
      const failed = () => void connection.destroy();
      if (!state.rooms) return void upgradeLater(incoming, connection, head).catch(failed);
      try {
        upgrade(state.rooms, incoming, connection, head);
      } catch {
        failed();
      }
    });
    if (await bind(listener, address, portOf(listeners) ?? port, listeners.length === 0)) listeners.push(listener);
  }

  return {
    url: urlOf(host, portOf(listeners) ?? port),
    open(rooms) {
      state.health = "ok";
      state.rooms = rooms;
      opened.resolve(rooms);
    },
    drain() {
      state.health = "draining";
    },
    async close() {
      for (const listener of listeners) {
        listener.close();
        listener.closeIdleConnections();
      }
      await Promise.all([...running].map((response) => new Promise((resolve) => response.once("close", resolve))));
    },
  };
}

type Health = "starting" | "ok" | "draining";

function answerHealth(response: ServerResponse, health: Health): void {
  const headers = { "Content-Type": "application/json", "Cache-Control": "no-store" };
  response.writeHead(health === "ok" ? 200 : 503, headers).end(JSON.stringify({ status: health }));
}

function askForUpgrade(response: ServerResponse): void {
  const headers = { Upgrade: "websocket", Connection: "Upgrade, close", "Content-Type": "text/plain; charset=utf-8" };
  response.writeHead(426, headers).end("Expected a WebSocket.\n");
}

/** Next fails on an address that cannot be decoded, as if the fault were ours. */
function isWellFormed(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

function refuseAddress(response: ServerResponse): void {
  const headers = { "Content-Type": "text/plain; charset=utf-8", Connection: "close" };
  response.writeHead(400, headers).end("Expected an address in UTF-8, percent-encoded.\n");
}

/** Other upgrades (some clients offer HTTP/2 to everybody) are answered as if they had not been asked for. */
function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === "websocket";
}

/** The port that was given to the first; all share it. */
function portOf([first]: Server[]): number | undefined {
  return (first?.address() as AddressInfo | null | undefined)?.port;
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] as string;
}

/** @returns false when the machine has no such address and another one is there already. */
function bind(server: Server, host: string, port: number, required: boolean): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const absent = error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT";
      if (absent && !required) resolve(false);
      else reject(explain(error, host, port));
    });
    server.listen({ port, host }, () => resolve(true));
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case "EADDRINUSE":
      return new SettingsError(
        `Port ${port} on ${host} is in use. Stop what runs there, or choose another: PORT=${port + 1}.`,
      );
    case "EACCES":
      return new SettingsError(`Port ${port} may not be used by this user. Choose one from 1024 on: PORT=3000.`);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new SettingsError(`HOST: expected an address of this machine. Found ${host}.`);
    default:
      return error;
  }
}

function urlOf(host: string, port: number): string {
  const shown = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${shown}:${port}`;
}

function ignore(): void {}
