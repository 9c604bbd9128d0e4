/** A server as `server.ts` wires it, without Next, with the functions of the hostile crowd in `tests/crowd`. */
import { acceptSockets, createEngine, httpEndpoint, listen, machineEnvironment } from "convex-lite/node";
import { createTables } from "../../lib/schema/create-tables.ts";
import { functions, schema } from "../../tests/crowd/functions.ts";
import { announcePort, answerControl, log } from "./control.ts";
import { type DatabasePlace, openBenchDatabase } from "./database.ts";

const place = JSON.parse(process.argv[2] ?? "{}") as DatabasePlace;

const http = await listen({ host: "127.0.0.1", port: 0 });
const driver = await openBenchDatabase(place);
await createTables(driver, schema);
const engine = createEngine({ driver, environment: machineEnvironment(log), development: false });
// biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React; it uses these functions from now on
engine.useFunctions(functions, schema);
const rules = { engine, identify: () => null, log, trustProxy: 0 };
const sockets = acceptSockets(rules);
http.open({
  sockets,
  calls: httpEndpoint(rules),
  next: { request: async (_, response) => void response.writeHead(404).end(), upgrade: () => false },
});

answerControl({
  sockets: () => sockets.count,
  stop: () => void setImmediate(() => process.exit(0)),
});
announcePort(Number(new URL(http.url).port));
