import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Engine } from "../../engine/engine.ts";
import { type Log, machineEnvironment } from "../../environment/environment.ts";
import { HostCheck, type HostRules } from "../admission/allowed-hosts.ts";
import { bindPort, type PortOptions } from "../process/port.ts";
import type { Settings } from "../process/settings.ts";
import { terminalLog } from "../process/terminal-log.ts";
import { refuse, type Sockets, SYNC_PATH } from "./accept-sockets.ts";
import { type Answer, Answers } from "./answers.ts";
import type { HttpEndpoint } from "./call-endpoint.ts";
import type { NextServer } from "./next-server.ts";

/** What answers the requests that arrive at the port. */
export interface Handlers {
  /** Answers upgrades to `/api/sync`. */
  sockets: Sockets;
  /** Answers calls over HTTP. */
  calls: HttpEndpoint;
  /** Runs functions for the command line: what `commandEndpoint` returns. Default: `convex-lite run` is told that there is none. */
  commands?: HttpEndpoint;
  /** Tells `/healthz` whether mutations can write. Without it nothing is said of that. */
  engine?: Pick<Engine, "unwritable">;
  /** Answers everything else. Below its `basePath` the paths above are served as they are at the root. */
  next: Pick<NextServer, "request" | "upgrade"> & Partial<Pick<NextServer, "basePath">>;
}

/**
 * The HTTP server on the application's port. It listens before anything else starts, so that a busy port is reported at
 * once. Requests that arrive before `open` wait for it, and are then answered instead of refused.
 */
export interface HttpServer {
  /** The address of the server: `http://localhost:3000`. */
  readonly url: string;
  /**
   * What a command has to name, so that it may run any function; it is in `.convex/server.json`. Undefined where commands
   * are not taken: in production without `admin`, and without a `directory`.
   */
  readonly token: string | undefined;
  /** Answers the requests that wait, and all later ones, with these handlers. */
  open(handlers: Handlers): void;
  /** From now on `GET /healthz` answers 503, so that a load balancer sends no new work, and new calls are refused. */
  drain(): void;
  /**
   * Accepts no new connections.
   * @returns a promise that resolves when the running requests have been answered.
   */
  close(): Promise<void>;
}

/** What `listen` takes of the settings. Without those of `HostRules` every host is served. */
export type ListenOptions = PortOptions & Partial<HostRules> & Pick<Settings, "admin">;

/**
 * Starts to listen on a port. `localhost` means both of its addresses, IPv4 and IPv6, as far as the machine has them.
 * @param settings Where to listen, and in development by which names the server may be called.
 * @param log Receives the hosts that are refused. Default: the terminal.
 * @returns the server, which answers requests once `open` is called.
 * @throws {SettingsError} when the port is in use, when this user may not use it, and when the host is not an address of
 *   this machine.
 * @example
 * const http = await listen({ host: "localhost", port: 3000 });
 * http.open({ sockets, calls, next });
 */
export async function listen(settings: ListenOptions, log: Log = terminalLog()): Promise<HttpServer> {
  const { host, development = false, allowedHosts = [], trustProxy = 0, admin = false, directory } = settings;
  const clock = machineEnvironment(log);
  const hosts = new HostCheck({ host, development, allowedHosts, trustProxy }, log, clock);
  const answers = new Answers(clock);
  const opened = Promise.withResolvers<Handlers>();
  const state = { phase: "starting" as Phase, handlers: undefined as Handlers | undefined };
  const running = new Set<ServerResponse>();

  function healthNow(): Health {
    const reason = state.phase === "ok" ? state.handlers?.engine?.unwritable : undefined;
    return { status: state.phase, ...(reason !== undefined && { writable: false, reason }) };
  }

  async function request(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (pathOf(incoming) === HEALTH_PATH) return answerHealth(response, healthNow());
    const refusal = hosts.refusalOf(incoming);
    if (refusal !== undefined) return answers.send(response, plain(403, refusal));
    if (!isWellFormed(pathOf(incoming))) return answers.send(response, plain(400, BAD_ADDRESS));
    running.add(response);
    response.on("close", () => running.delete(response));
    if (state.phase === "draining") response.setHeader("Connection", "close");
    const { calls, commands, next } = await opened.promise;
    const path = pathOf(incoming, next.basePath);
    if (path === HEALTH_PATH) return answerHealth(response, healthNow());
    if (path === SYNC_PATH) return answers.send(response, UPGRADE_REQUIRED);
    const facts = { path, isDraining: state.phase === "draining" };
    if (commands?.(incoming, response, facts) || calls(incoming, response, facts)) return;
    await next.request(incoming, response);
  }

  async function upgradeLater(incoming: IncomingMessage, connection: Duplex, head: Buffer): Promise<void> {
    connection.on("error", ignore);
    const handlers = await opened.promise;
    connection.off("error", ignore);
    upgrade(handlers, incoming, connection, head);
  }

  function upgrade({ sockets, next }: Handlers, incoming: IncomingMessage, connection: Duplex, head: Buffer): void {
    const refusal = hosts.refusalOf(incoming);
    if (refusal !== undefined) return refuse(connection, 403, refusal);
    if (pathOf(incoming, next.basePath) === SYNC_PATH) return sockets.accept(incoming, connection, head);
    if (!next.upgrade(incoming, connection, head))
      refuse(connection, 404, `There is no WebSocket at this path. Connect to ${SYNC_PATH}.`);
  }

  function listener(): Server {
    const server = createServer({ shouldUpgradeCallback: isWebSocket });
    server.on("request", (incoming, response) => {
      request(incoming, response).catch((error) => response.destroy(error));
    });
    server.on("upgrade", (incoming, connection, head) => {
      const failed = () => void connection.destroy();
      if (!state.handlers) return void upgradeLater(incoming, connection, head).catch(failed);
      try {
        upgrade(state.handlers, incoming, connection, head);
      } catch {
        failed();
      }
    });
    return server;
  }

  const bound = await bindPort(listener, settings);
  const url = urlOf(host, bound.port);
  const token = directory !== undefined && (development || admin) ? randomBytes(32).toString("base64url") : undefined;
  bound.note(token === undefined ? undefined : { url, pid: process.pid, token });

  return {
    url,
    token,
    open(handlers) {
      state.phase = "ok";
      state.handlers = handlers;
      opened.resolve(handlers);
    },
    drain() {
      state.phase = "draining";
    },
    async close() {
      bound.forget();
      for (const server of bound.servers) {
        server.close();
        server.closeIdleConnections();
      }
      await Promise.all([...running].map((response) => new Promise((resolve) => response.once("close", resolve))));
    },
  };
}

const HEALTH_PATH = "/healthz";

type Phase = "starting" | "ok" | "draining";

/** A server that cannot write still answers queries: it is healthy, and says what is wrong. */
interface Health {
  status: Phase;
  writable?: false;
  reason?: string;
}

function answerHealth(response: ServerResponse, health: Health): void {
  const headers = { "Content-Type": "application/json", "Cache-Control": "no-store" };
  response.writeHead(health.status === "ok" ? 200 : 503, headers).end(JSON.stringify(health));
}

/** An answer for a person who reads it. */
function plain(status: number, text: string): Answer {
  return { status, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: [`${text}\n`] };
}

const BAD_ADDRESS = "Expected an address in UTF-8, percent-encoded.";

const UPGRADE_REQUIRED: Answer = {
  ...plain(426, "Expected a WebSocket."),
  headers: { "Content-Type": "text/plain; charset=utf-8", Upgrade: "websocket", Connection: "Upgrade, close" },
};

/** Next answers a path that cannot be decoded with 500, although the fault is the client's. */
function isWellFormed(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** Requests for another upgrade (some clients always offer HTTP/2) are answered as plain requests. */
function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === "websocket";
}

/** The path of a request; below `base` without it, and without the slash that a proxy or `trailingSlash` may have added. */
function pathOf(request: IncomingMessage, base = ""): string {
  const path = (request.url ?? "/").split("?", 1)[0] as string;
  const own = path.startsWith(`${base}/`) ? path.slice(base.length) : path;
  return own.replace(/(?<=.)\/$/, "");
}

function urlOf(host: string, port: number): string {
  const shown = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${shown}:${port}`;
}

function ignore(): void {}
