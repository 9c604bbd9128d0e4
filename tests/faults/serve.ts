import type { Identify } from "../../lib/auth/identify.ts";
import type { Driver } from "../../lib/database/driver/driver.ts";
import { openDatabase } from "../../lib/database/open-database.ts";
import { createEngine, type Engine } from "../../lib/engine/engine.ts";
import type { EngineLimits } from "../../lib/engine/run/limits.ts";
import type { FunctionModules } from "../../lib/engine/run/registry.ts";
import { machineEnvironment } from "../../lib/environment/environment.ts";
import { acceptSockets } from "../../lib/node/http/accept-sockets.ts";
import { httpEndpoint } from "../../lib/node/http/call-endpoint.ts";
import { listen } from "../../lib/node/http/http-server.ts";
import { gracefulShutdown } from "../../lib/node/lifecycle/graceful-shutdown.ts";
import { createTables } from "../../lib/schema/create-tables.ts";

/** What a server of a test serves. */
export interface Served {
  port: number;
  /** Of the embedded database. */
  directory: string;
  /** Of the database, instead of PGlite in the directory. */
  url?: string | undefined;
  schema: Record<string, unknown>;
  functions: FunctionModules;
  limits: Partial<EngineLimits>;
  /** Default: all callers are anonymous. */
  identify?: Identify;
  /** Put around the parts, to break them. Default: nothing. */
  around?: { driver(driver: Driver): Driver; engine(engine: Engine): Engine };
}

/** `server.ts` without pages, in production mode. Prints "ready" when it serves. A second start finds the tables there. */
export async function serve({ port, directory, url, schema, functions, limits, identify, around }: Served) {
  const log = {
    info() {},
    warn: (message: string) => console.error(`warn: ${message}`),
    error: (message: string, about?: Record<string, unknown>) => console.error(`error: ${message}`, about?.error),
  };
  const http = await listen({ host: "127.0.0.1", port });
  const database = await openDatabase({ url, directory, schema, log });
  await createTables(database, schema).catch(() => {});
  const driver = around?.driver(database) ?? database;
  const healthy = createEngine({ driver, environment: machineEnvironment(log), development: false, limits });
  const engine = around?.engine(healthy) ?? healthy;
  // biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React
  engine.useFunctions(functions, schema);

  const next = { request: async () => {}, upgrade: () => false, close: async () => {} };
  const rules = { engine, identify: identify ?? (() => null), log, trustProxy: 0 };
  const sockets = acceptSockets(rules);
  http.open({ sockets, calls: httpEndpoint(rules), next });
  gracefulShutdown({ http, sockets, engine, functions: { close: async () => {} }, database, next, log });
  console.log("ready");
}
