/**
 * The server of the application, in one process on one port: Next renders the pages, and the engine runs the functions in
 * `convex/` and keeps every open page live.
 */
import {
  acceptSockets,
  announceReady,
  commandEndpoint,
  createEngine,
  engineRuntime,
  FunctionLoader,
  gracefulShutdown,
  httpEndpoint,
  type Identify,
  installCrashHandlers,
  listen,
  loadFunctions,
  machineEnvironment,
  nextServer,
  offerRuntime,
  openDatabase,
  readSettings,
  serveFunctions,
  terminalLog,
} from "convex-lite/node";

/** Decides who is calling, by the headers (a session cookie, a token): returns `{ subject, … }`, or null for anonymous. */
const identify: Identify = () => null;

const loader = new FunctionLoader("convex");
const log = terminalLog(loader);
installCrashHandlers(log);

// PORT, HOST, DATABASE_URL, TRUST_PROXY and ALLOWED_HOSTS, from the environment and .env files.
const settings = readSettings();
const http = await listen({ ...settings, directory: ".convex" }, log);

const loaded = await loadFunctions({ loader, settings, log });
const database = await openDatabase({ url: settings.databaseUrl, directory: ".convex", schema: loaded.schema, log });
const engine = createEngine({
  driver: database,
  environment: machineEnvironment(log),
  development: settings.development,
});

// Server components find the engine here, so it must be there before Next loads the first of them.
offerRuntime(engineRuntime({ engine, identify, log }));
const next = nextServer(settings);
const [functions] = await Promise.all([
  serveFunctions({ engine, database, loader, functions: loaded, settings, log }),
  next.prepare(),
]);

const rules = { engine, identify, log, trustProxy: settings.trustProxy };
const sockets = acceptSockets(rules);
const commands = commandEndpoint({ ...rules, token: http.token });
http.open({ sockets, calls: httpEndpoint(rules), commands, next, engine });
gracefulShutdown({ http, sockets, engine, functions, database, next, log });

announceReady({ http, database, settings, log });
