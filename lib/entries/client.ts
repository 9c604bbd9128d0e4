/** `convex-lite/client`: the client without React. */

export type { OptimisticLocalStore, OptimisticUpdate } from "../client/calls/optimistic-update.ts";
export type { ClientOptions } from "../client/client-options.ts";
export type { BrowserTab } from "../client/connection/browser-tab.ts";
export type { ClientSocket, WebSocketConstructor } from "../client/connection/client-socket.ts";
export type { ConnectionState } from "../client/connection-status.ts";
export { ConvexClient, type UntypedArgs, type WatchRequest, type WatchResult } from "../client/convex-client.ts";
export type { QueryResult, Result } from "../client/queries/query-result.ts";
export type { Cancel, Environment, Log } from "../environment/environment.ts";
export {
  createReferences,
  type FunctionArgs,
  type FunctionReference,
  type FunctionReturnType,
  type InternalReferences,
  type PublicAction,
  type PublicMutation,
  type PublicQuery,
  type PublicReferences,
} from "../functions/reference.ts";
export type { BadRequestError, FunctionError, InternalError, UnavailableError } from "../protocol/function-error.ts";
export type { UnavailableReason } from "../protocol/outcome.ts";
export { ConvexError } from "../values/errors.ts";
