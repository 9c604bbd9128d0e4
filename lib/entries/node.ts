/** `convex-lite/node`: what `server.ts` wires. */

export type { Identify } from "../auth/identify.ts";
export { openDatabase } from "../database/open-database.ts";
export { createEngine, type Engine, type EngineOptions } from "../engine/engine.ts";
export type { EngineLimits } from "../engine/run/limits.ts";
export { type Environment, type Log, machineEnvironment } from "../environment/environment.ts";
export type { Identity } from "../functions/context.ts";
export { type AcceptSocketsOptions, acceptSockets, type Sockets } from "../node/http/accept-sockets.ts";
export { type HttpEndpoint, type HttpEndpointOptions, httpEndpoint } from "../node/http/call-endpoint.ts";
export { type HttpServer, listen } from "../node/http/http-server.ts";
export { type NextServer, nextServer } from "../node/http/next-server.ts";
export { announceReady } from "../node/lifecycle/announce-ready.ts";
export { installCrashHandlers } from "../node/lifecycle/crash-handlers.ts";
export { gracefulShutdown } from "../node/lifecycle/graceful-shutdown.ts";
export { FunctionLoader, type LoadedFunctions } from "../node/loading/load-functions.ts";
export { type ServedFunctions, serveFunctions } from "../node/loading/serve-functions.ts";
export { loadFunctions } from "../node/loading/watch-functions.ts";
export { readSettings, type Settings } from "../node/process/settings.ts";
export { terminalLog } from "../node/process/terminal-log.ts";
export { engineRuntime } from "../node/runtime/engine-runtime.ts";
export { offerRuntime } from "../node/runtime/runtime.ts";
