/** The framework under test: a server as `server.ts` wires it, without Next. */
import {
  acceptSockets,
  createEngine,
  engineRuntime,
  httpEndpoint,
  listen,
  machineEnvironment,
  offerRuntime,
} from "convex-lite/node";
import { onDialect } from "../functions/on-dialect.ts";
import { announcePort, answerControl, log } from "./control.ts";
import { type DatabasePlace, openBenchDatabase, type Seeding, seed } from "./database.ts";
import { restingMemory, usageMeter } from "./usage.ts";

const place = JSON.parse(process.argv[2] ?? "{}") as DatabasePlace;

const http = await listen({ host: "127.0.0.1", port: 0 });
const driver = await openBenchDatabase(place);
const limits = process.argv[3] === "unlimited" ? { messagesPerSecond: 1e6, messageBurst: 1e6 } : {};
const engine = createEngine({ driver, environment: machineEnvironment(log), development: false, limits });
const { functions, schema } = onDialect(driver.dialect);
// biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React; it uses these functions from now on
engine.useFunctions(functions, schema);
const rules = { engine, identify: () => null, log, trustProxy: 0 };
offerRuntime(engineRuntime(rules));
const sockets = acceptSockets(rules);
http.open({
  sockets,
  calls: httpEndpoint(rules),
  next: { request: async (_, response) => void response.writeHead(404).end(), upgrade: () => false },
});

answerControl({
  seed: (seeding: Seeding) => seed(driver, seeding),
  usage: usageMeter(engine.counters),
  memory: restingMemory,
  sockets: () => sockets.count,
  stop: () => void setImmediate(() => process.exit(0)),
});
announcePort(Number(new URL(http.url).port));
