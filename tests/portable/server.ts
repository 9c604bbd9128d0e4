/**
 * The whole server without pages: `node tests/portable/server.ts <port> <project> [DATABASE_URL]`. Serves the functions
 * in the project's `convex/`, as `server.ts` wires it. Prints "ready" when it does.
 */

import { openDatabase } from "../../lib/database/open-database.ts";
import { createEngine } from "../../lib/engine/engine.ts";
import { machineEnvironment } from "../../lib/environment/environment.ts";
import { acceptSockets } from "../../lib/node/http/accept-sockets.ts";
import { httpEndpoint } from "../../lib/node/http/call-endpoint.ts";
import { listen } from "../../lib/node/http/http-server.ts";
import { gracefulShutdown } from "../../lib/node/lifecycle/graceful-shutdown.ts";
import { FunctionLoader } from "../../lib/node/loading/load-functions.ts";
import { createTables } from "../../lib/schema/create-tables.ts";
import { patientLimits } from "../support/patience.ts";

const [port, project = "", url] = process.argv.slice(2);
const log = {
  info() {},
  warn: (message: string) => console.error(`warn: ${message}`),
  error: (message: string, about?: Record<string, unknown>) => console.error(`error: ${message}`, about?.error),
};

const http = await listen({ host: "127.0.0.1", port: Number(port) });
const loader = new FunctionLoader("convex", project);
const { modules, schema } = await loader.load();
const database = await openDatabase({ url, directory: `${project}/.convex`, schema, log });
// A second start finds the tables there.
await createTables(database, schema).catch(() => {});
const engine = createEngine({
  driver: database,
  environment: machineEnvironment(log),
  development: false,
  limits: patientLimits,
});
// biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React
engine.useFunctions(modules, schema);

const next = { request: async () => {}, upgrade: () => false, close: async () => {} };
const rules = { engine, identify: () => null, log, trustProxy: 0 };
const sockets = acceptSockets(rules);
http.open({ sockets, calls: httpEndpoint(rules), next });
gracefulShutdown({ http, sockets, engine, functions: loader, database, next, log });
console.log("ready");
