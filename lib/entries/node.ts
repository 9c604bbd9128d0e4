/** `convex-lite/node`: what `server.ts` wires. */

export type { Identify } from "../auth/identify.ts";
export { openDatabase } from "../database/open-database.ts";
export { createEngine, type Engine, type EngineOptions } from "../engine/engine.ts";
export type { EngineLimits } from "../engine/run/limits.ts";
export { type Environment, type Log, machineEnvironment } from "../environment/environment.ts";
export type { Identity } from "../functions/context.ts";
export { type AcceptSocketsOptions, acceptSockets, type Sockets } from "../node/accept-sockets.ts";
export { announceReady } from "../node/announce-ready.ts";
export { endOnFailure } from "../node/end-on-failure.ts";
export { engineRuntime } from "../node/engine-runtime.ts";
export { type HttpEndpoint, type HttpEndpointOptions, httpEndpoint } from "../node/http-endpoint.ts";
export { type HttpServer, takePort } from "../node/http-server.ts";
export { FunctionLoader, type LoadedFunctions } from "../node/load-functions.ts";
export { type NextServer, nextServer } from "../node/next-server.ts";
export { offerRuntime } from "../node/runtime.ts";
export { type ServedFunctions, serveFunctions } from "../node/serve-functions.ts";
export { readSettings, type Settings } from "../node/settings.ts";
export { stopInOrder } from "../node/stop.ts";
export { terminalLog } from "../node/terminal-log.ts";
export { loadFunctions } from "../node/watch-functions.ts";
