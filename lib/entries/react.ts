"use client";
export type { OptimisticLocalStore } from "../client/calls/optimistic-update.ts";
export type { PaginationStatus } from "../client/loaded-pages.ts";
export type { PreloadedQueryResult, QueryResult } from "../client/queries/query-result.ts";
export type { FunctionArgs, FunctionReturnType } from "../functions/reference.ts";
/** `convex-lite/react`: the hooks. */
export type {
  BadRequestError,
  FunctionError,
  InternalError,
  UnavailableError,
} from "../protocol/function-error.ts";
export type { UnavailableReason } from "../protocol/outcome.ts";
export type { Preloaded } from "../protocol/preloaded.ts";
export { HydrateQueries } from "../react/hydrate-queries.ts";
export { ConvexProvider, type ConvexProviderProps } from "../react/provider.ts";
export { useAction } from "../react/use-action.ts";
export { useConnectionState } from "../react/use-connection-state.ts";
export { type Mutation, type MutationWithUpdate, useMutation } from "../react/use-mutation.ts";
export {
  type PaginatedArgs,
  type PaginatedQuery,
  type PaginatedQueryResult,
  usePaginatedQuery,
} from "../react/use-paginated-query.ts";
export { usePreloadedQuery } from "../react/use-preloaded-query.ts";
export { useQueries } from "../react/use-queries.ts";
export { useQuery } from "../react/use-query.ts";
export { ConvexError } from "../values/errors.ts";
