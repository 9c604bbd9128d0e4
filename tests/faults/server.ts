/**
 * A server for tests to kill: `node tests/faults/server.ts <port> <directory of the embedded database> [PostgreSQL address]`.
 * It is `server.ts` without pages. Prints "ready" when it is. With DOOM, as JSON `[point, text]`, it ends itself: see `Doom`.
 */

import { openDatabase } from "../../lib/database/open-database.ts";
import { createEngine } from "../../lib/engine/engine.ts";
import { machineEnvironment } from "../../lib/environment/environment.ts";
import { acceptSockets } from "../../lib/node/http/accept-sockets.ts";
import { httpEndpoint } from "../../lib/node/http/call-endpoint.ts";
import { listen } from "../../lib/node/http/http-server.ts";
import { gracefulShutdown } from "../../lib/node/lifecycle/graceful-shutdown.ts";
import { createTables } from "../../lib/schema/create-tables.ts";
import { patientLimits } from "../support/patience.ts";
import { Doom } from "./doom.ts";
import { functions, schema } from "./functions.ts";

const [port, directory = "", url] = process.argv.slice(2);
const log = {
  info() {},
  warn: (message: string) => console.error(`warn: ${message}`),
  error: (message: string, about?: Record<string, unknown>) => console.error(`error: ${message}`, about?.error),
};

const http = await listen({ host: "127.0.0.1", port: Number(port) });
const database = await openDatabase({ url, directory, schema, log });
// A second start finds the tables there.
await createTables(database, schema).catch(() => {});
const doom = process.env.DOOM
  ? new Doom(...(JSON.parse(process.env.DOOM) as ConstructorParameters<typeof Doom>))
  : undefined;
const driver = doom?.driver(database) ?? database;
const healthy = createEngine({
  driver,
  environment: machineEnvironment(log),
  development: false,
  limits: patientLimits,
});
const engine = doom?.engine(healthy) ?? healthy;
// biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React
engine.useFunctions(doom?.functions(functions) ?? functions, schema);

const next = { request: async () => {}, upgrade: () => false, close: async () => {} };
const rules = { engine, identify: () => null, log, trustProxy: 0 };
const sockets = acceptSockets(rules);
http.open({ sockets, calls: httpEndpoint(rules), next });
gracefulShutdown({ http, sockets, engine, functions: { close: async () => {} }, database, next, log });
console.log("ready");
