"use client";
/** `convex-lite/react`: the hooks. */
export type {
  BadRequestError,
  FunctionError,
  InternalError,
  UnavailableError,
} from "../client/errors.ts";
export type { PaginationStatus } from "../client/loaded-pages.ts";
export type { OptimisticLocalStore } from "../client/optimistic-store.ts";
export type { PreloadedQueryResult, QueryResult } from "../client/query-result.ts";
export type { FunctionArgs, FunctionReturnType } from "../functions/reference.ts";
export type { Preloaded } from "../protocol/preloaded.ts";
export { ConvexError } from "../values/errors.ts";
export { HydrateQueries } from "./hydrate-queries.ts";
export { ConvexProvider, type ConvexProviderProps } from "./provider.ts";
export { useAction } from "./use-action.ts";
export { useConnectionState } from "./use-connection-state.ts";
export { type Mutation, type MutationWithUpdate, useMutation } from "./use-mutation.ts";
export {
  type PaginatedArgs,
  type PaginatedQuery,
  type PaginatedQueryResult,
  usePaginatedQuery,
} from "./use-paginated-query.ts";
export { usePreloadedQuery } from "./use-preloaded-query.ts";
export { useQueries } from "./use-queries.ts";
export { useQuery } from "./use-query.ts";
