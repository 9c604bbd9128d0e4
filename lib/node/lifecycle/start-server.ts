import type { Identify } from "../../auth/identify.ts";
import { openDatabase } from "../../database/open-database.ts";
import { createEngine, type Engine } from "../../engine/engine.ts";
import type { EngineLimits } from "../../engine/run/limits.ts";
import { type Log, machineEnvironment } from "../../environment/environment.ts";
import type { OriginRules } from "../admission/origin.ts";
import { commandEndpoint } from "../commands/command-endpoint.ts";
import { type AcceptSocketsOptions, acceptSockets } from "../http/accept-sockets.ts";
import { type HttpEndpointOptions, httpEndpoint } from "../http/call-endpoint.ts";
import { listen } from "../http/http-server.ts";
import { nextServer } from "../http/next-server.ts";
import { FunctionLoader } from "../loading/load-functions.ts";
import { serveFunctions } from "../loading/serve-functions.ts";
import { loadFunctions } from "../loading/watch-functions.ts";
import { readSettings, type Settings } from "../process/settings.ts";
import { terminalLog } from "../process/terminal-log.ts";
import { engineRuntime } from "../runtime/engine-runtime.ts";
import { offerRuntime } from "../runtime/runtime.ts";
import { announceReady } from "./announce-ready.ts";
import { endAfterFailure, installCrashHandlers } from "./crash-handlers.ts";
import { gracefulShutdown } from "./graceful-shutdown.ts";

/** What `startServer` takes. Each may be left out. */
export interface StartServerOptions
  extends Pick<OriginRules, "origins">,
    Pick<AcceptSocketsOptions, "sockets" | "socketsPerAddress">,
    Pick<HttpEndpointOptions, "calls" | "callsPerAddress"> {
  /**
   * Decides who is calling, for sockets, HTTP calls, server components and server actions.
   * @default every caller is anonymous
   */
  identify?: Identify;
  /**
   * Settings that win over those of the environment and the `.env*` files.
   * @default what `readSettings` returns
   */
  settings?: Partial<Omit<Settings, "development">>;
  /** Other limits than the engine's defaults. */
  limits?: Partial<EngineLimits>;
  /**
   * Receives what the server says. Stacks of errors name the files in `convex/`.
   * @default terminalLog()
   */
  log?: Log;
}

/** A server that answers requests. */
export interface StartedServer {
  /** Its address: `http://localhost:3000`. */
  readonly url: string;
  /** Runs the functions of the project. */
  readonly engine: Engine;
  /** The settings in force. */
  readonly settings: Settings;
  /** Where the server says what happens. */
  readonly log: Log;
}

/**
 * Starts the server of the project in the working directory: Next renders the pages, and the engine runs the functions in
 * `convex/` and keeps every open page live, in one process on one port. Call it once, in `server.ts`. It also ends the
 * process: in order on SIGTERM and Ctrl-C, with code 1 after an error that leaves the server in doubt.
 * @param options What the server is to do otherwise than by default.
 * @returns a promise that resolves when requests are answered. It does not reject: if the server cannot start, the log
 *   says why, and the process ends with code 1.
 * @example
 * import { startServer } from "convex-lite/node";
 *
 * await startServer({ identify: () => null });
 */
export async function startServer(options: StartServerOptions = {}): Promise<StartedServer> {
  const loader = new FunctionLoader("convex");
  const log = withSourcePositions(options.log ?? terminalLog(), loader);
  installCrashHandlers(log);
  try {
    return await start(options, loader, log);
  } catch (error) {
    return endAfterFailure(log, error);
  }
}

async function start(options: StartServerOptions, loader: FunctionLoader, log: Log): Promise<StartedServer> {
  const { identify = () => null, limits = {}, settings: own, log: _, ...admission } = options;
  const settings: Settings = { ...readSettings(), ...own };
  const http = await listen({ ...settings, directory: ".convex" }, log);

  const loaded = await loadFunctions({ loader, settings, log });
  const database = await openDatabase({ url: settings.databaseUrl, directory: ".convex", schema: loaded.schema, log });
  const { development } = settings;
  const engine = createEngine({ driver: database, environment: machineEnvironment(log), development, limits });

  // Server components find the engine here, so it must be there before Next loads the first of them.
  offerRuntime(engineRuntime({ engine, identify, log }));
  const next = nextServer(settings);
  const [functions] = await Promise.all([
    serveFunctions({ engine, database, loader, functions: loaded, settings, log }),
    next.prepare(),
  ]);

  const rules = { ...admission, engine, identify, log, trustProxy: settings.trustProxy };
  const sockets = acceptSockets(rules);
  const commands = commandEndpoint({ ...rules, token: http.token });
  http.open({ sockets, calls: httpEndpoint(rules), commands, next, engine });
  gracefulShutdown({ http, sockets, engine, functions, database, next, log });
  announceReady({ http, database, settings, log });
  return { url: http.url, engine, settings, log };
}

/** A log whose errors name the author's files, whichever log it is. */
function withSourcePositions(log: Log, { remapStack }: Pick<FunctionLoader, "remapStack">): Log {
  const say = (level: keyof Log, message: string, about?: Record<string, unknown>): void => {
    if (about?.error !== undefined) remapStack(about.error);
    log[level](message, about);
  };
  return {
    info: (message, about) => say("info", message, about),
    warn: (message, about) => say("warn", message, about),
    error: (message, about) => say("error", message, about),
  };
}
