/** A server as `server.ts` wires it, with Next and the two pages of `bench/page-app`. It runs in a built copy of the project. */
import {
  acceptSockets,
  createEngine,
  engineRuntime,
  httpEndpoint,
  listen,
  machineEnvironment,
  nextServer,
  offerRuntime,
  readSettings,
} from "convex-lite/node";
import { offerDatabase } from "../functions/direct-database.ts";
import * as messages from "../functions/messages.ts";
import * as schema from "../functions/schema.ts";
import { announcePort, answerControl, log } from "./control.ts";
import { type DatabasePlace, drizzleBeside, openBenchDatabase, type Seeding, seed } from "./database.ts";
import { restingMemory, usageMeter } from "./usage.ts";

const place = JSON.parse(process.argv[2] ?? "{}") as DatabasePlace;

const settings = { ...readSettings(), host: "127.0.0.1", port: 0 };
const http = await listen(settings);
const driver = await openBenchDatabase(place);
const engine = createEngine({ driver, environment: machineEnvironment(log), development: false });
// biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React; it uses these functions from now on
engine.useFunctions({ messages }, schema);
const rules = { engine, identify: () => null, log, trustProxy: 0 };
const port = Number(new URL(http.url).port);

offerRuntime(engineRuntime(rules));
offerDatabase(drizzleBeside(driver, place));
const next = nextServer({ ...settings, port });
await next.prepare();
const sockets = acceptSockets(rules);
http.open({ sockets, calls: httpEndpoint(rules), next });

answerControl({
  seed: (seeding: Seeding) => seed(driver, seeding),
  usage: usageMeter(engine.counters),
  memory: restingMemory,
  sockets: () => sockets.count,
  stop: () => void setImmediate(() => process.exit(0)),
});
announcePort(port);
