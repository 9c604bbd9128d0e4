/** `convex-lite/node`: `startServer`, and the parts that it wires, for a `server.ts` that wires them itself. */

export type { Identify } from "../auth/identify.ts";
export type { IdentifyRequest } from "../auth/identify-request.ts";
export type { LoadProblem } from "../bundling/load-error.ts";
export type { SourcePosition } from "../bundling/source-positions.ts";
export type {
  Casing,
  DatabaseConnection,
  Dialect,
  Driver,
  Failure,
  Statement,
  TransactionMode,
} from "../database/driver/driver.ts";
export { type DatabaseOptions, openDatabase } from "../database/open-database.ts";
export type { EngineCall } from "../engine/calls/calls.ts";
export type { CallSource } from "../engine/calls/running-actions.ts";
export type { TellAnswer } from "../engine/calls/watched-queries.ts";
export {
  createEngine,
  type Engine,
  type EngineCounters,
  type EngineOptions,
} from "../engine/engine.ts";
export type { EngineLimits } from "../engine/run/limits.ts";
export type { LongWork } from "../engine/run/long-work.ts";
export type { MessageBudget } from "../engine/run/message-budget.ts";
export type { FunctionModules } from "../engine/run/registry.ts";
export { type Cancel, type Environment, type Log, machineEnvironment } from "../environment/environment.ts";
export type { Identity } from "../functions/context.ts";
export type { FunctionKind } from "../functions/reference.ts";
export type { HostRules } from "../node/admission/allowed-hosts.ts";
export type { OriginRules } from "../node/admission/origin.ts";
export { type CommandEndpointOptions, commandEndpoint } from "../node/commands/command-endpoint.ts";
export { type AcceptSocketsOptions, acceptSockets, type Sockets } from "../node/http/accept-sockets.ts";
export {
  type HttpEndpoint,
  type HttpEndpointOptions,
  httpEndpoint,
  type RequestFacts,
} from "../node/http/call-endpoint.ts";
export { type Handlers, type HttpServer, type ListenOptions, listen } from "../node/http/http-server.ts";
export { type NextServer, nextServer } from "../node/http/next-server.ts";
export { announceReady, type Ready } from "../node/lifecycle/announce-ready.ts";
export { installCrashHandlers } from "../node/lifecycle/crash-handlers.ts";
export { gracefulShutdown, type Running } from "../node/lifecycle/graceful-shutdown.ts";
export { type StartedServer, type StartServerOptions, startServer } from "../node/lifecycle/start-server.ts";
export { FunctionLoader, type LoadedFunctions } from "../node/loading/load-functions.ts";
export { type ServedFunctions, type ServeFunctionsOptions, serveFunctions } from "../node/loading/serve-functions.ts";
export { type LoadFunctionsOptions, loadFunctions } from "../node/loading/watch-functions.ts";
export type { PortOptions } from "../node/process/port.ts";
export { readSettings, type Settings } from "../node/process/settings.ts";
export { type TerminalLogOptions, terminalLog } from "../node/process/terminal-log.ts";
export { engineRuntime, type RuntimeOptions } from "../node/runtime/engine-runtime.ts";
export { offerRuntime, type Runtime, type RuntimeCall } from "../node/runtime/runtime.ts";
export type { Issue, Outcome, WireError } from "../protocol/outcome.ts";
export type { PreloadedAnswer } from "../protocol/preloaded.ts";
export type { Frame, SocketEvents, SocketLike } from "../protocol/socket.ts";
export type { Wire } from "../values/wire.ts";
