/** `convex-lite/nextjs`: calls functions while Next answers a request, in this process, without HTTP. */
import "server-only";

export { fetchAction, fetchMutation, fetchQuery } from "../nextjs/fetch.ts";
export { preloadedQueryResult, preloadQuery } from "../nextjs/preload-query.ts";
export type { FunctionError } from "../protocol/function-error.ts";
export type { Preloaded } from "../protocol/preloaded.ts";
export { ConvexError } from "../values/errors.ts";
