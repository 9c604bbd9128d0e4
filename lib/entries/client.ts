/** `convex-lite/client`: the client without React. */

export type { OptimisticLocalStore, OptimisticUpdate } from "../client/calls/optimistic-update.ts";
export type { ClientOptions } from "../client/client-options.ts";
export type { ConnectionState } from "../client/connection-status.ts";
export { ConvexClient } from "../client/convex-client.ts";
export type { QueryResult } from "../client/queries/query-result.ts";
export { createReferences, type InternalReferences, type PublicReferences } from "../functions/reference.ts";
export type { BadRequestError, FunctionError, InternalError, UnavailableError } from "../protocol/function-error.ts";
export type { UnavailableReason } from "../protocol/outcome.ts";
export { ConvexError } from "../values/errors.ts";
