/** `convex-lite/client`: the client without React. */
export { createReferences, type InternalReferences, type PublicReferences } from "../functions/reference.ts";
export { ConvexError } from "../values/errors.ts";
export type { ClientOptions } from "./client-options.ts";
export type { ConnectionState } from "./connection-status.ts";
export { ConvexClient } from "./convex-client.ts";
export type { BadRequestError, FunctionError, InternalError, UnavailableError } from "./errors.ts";
export type { OptimisticLocalStore, OptimisticUpdate } from "./optimistic-store.ts";
export type { QueryResult } from "./query-result.ts";
