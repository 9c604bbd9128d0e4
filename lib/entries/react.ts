"use client";
/** `convex-lite/react`: the hooks. */
export type { OptimisticLocalStore, OptimisticUpdate } from "../client/calls/optimistic-update.ts";
export type { ConnectionState } from "../client/connection-status.ts";
export type { PaginationStatus } from "../client/loaded-pages.ts";
export type {
  Failed,
  FilledResult,
  Good,
  Loading,
  PreloadedQueryResult,
  QueryResult,
  Result,
  Skipped,
} from "../client/queries/query-result.ts";
export type {
  AnyFunction,
  FunctionArgs,
  FunctionErrorData,
  FunctionReference,
  FunctionReturnType,
  OptionalArgs,
  PublicAction,
  PublicMutation,
  PublicQuery,
} from "../functions/reference.ts";
export type {
  BadRequestError,
  FunctionError,
  InternalError,
  UnavailableError,
} from "../protocol/function-error.ts";
export type { Issue, UnavailableReason } from "../protocol/outcome.ts";
export type { Preloaded, PreloadedAnswer } from "../protocol/preloaded.ts";
export { HydrateQueries, type HydrateQueriesProps } from "../react/hydrate-queries.ts";
export { ConvexProvider, type ConvexProviderProps } from "../react/provider.ts";
export { type Action, useAction } from "../react/use-action.ts";
export { useConnectionState } from "../react/use-connection-state.ts";
export { useConvex } from "../react/use-convex.ts";
export { type Mutation, type MutationWithUpdate, useMutation } from "../react/use-mutation.ts";
export {
  type PaginatedArgs,
  type PaginatedQuery,
  type PaginatedQueryResult,
  usePaginatedQuery,
} from "../react/use-paginated-query.ts";
export { usePreloadedQuery } from "../react/use-preloaded-query.ts";
export { type ArgsField, type KnownArgsOnly, type QueryRequest, useQueries } from "../react/use-queries.ts";
export { useQuery } from "../react/use-query.ts";
export { ConvexError } from "../values/errors.ts";
export type { Wire } from "../values/wire.ts";
