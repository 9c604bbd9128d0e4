/** `convex-lite/nextjs`: functions called while Next answers a request, in this process, without HTTP. */
import "server-only";

export type { FunctionError } from "../client/errors.ts";
export type { Preloaded } from "../protocol/preloaded.ts";
export { ConvexError } from "../values/errors.ts";
export { fetchAction, fetchMutation, fetchQuery } from "./fetch.ts";
export { preloadedQueryResult, preloadQuery } from "./preload-query.ts";
