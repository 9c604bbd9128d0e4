import { useState, useSyncExternalStore } from "react";
import { keyOf } from "../client/calls/named-call.ts";
import { LoadedPages, type PaginationStatus } from "../client/loaded-pages.ts";
import type { PaginationOptions, PaginationResult } from "../functions/pagination/pagination-options.ts";
import type { QueryKey } from "../functions/query-key.ts";
import type { FunctionArgs, FunctionErrorData, FunctionReference, FunctionReturnType } from "../functions/reference.ts";
import type { FunctionError } from "../protocol/function-error.ts";
import { useRendered } from "./hydrate-queries.ts";
import { useSyncClient } from "./provider.ts";

/** A query that takes `paginationOpts` and returns what `paginate` does. */
export type PaginatedQuery = FunctionReference<
  "query",
  "public",
  { paginationOpts: PaginationOptions },
  PaginationResult<unknown>
>;

/** All arguments but `paginationOpts`, which the hook fills in. */
export type PaginatedArgs<Query> = Omit<FunctionArgs<Query>, "paginationOpts">;

export interface PaginatedQueryResult<Query extends PaginatedQuery> {
  /** The rows of all loaded pages, in order. Rows that did not change are the same objects. */
  results: FunctionReturnType<Query>["page"];
  /** Look at `error` first: a first page that failed stays `LoadingFirstPage`, and is no longer loading. */
  status: PaginationStatus;
  /** Loads so many more rows. Does nothing unless `status` is `CanLoadMore`. Keeps its identity. */
  loadMore: (numItems: number) => void;
  /** What a page failed with; `results` are then the last good ones. Undefined again once the query answers. */
  error: FunctionError<FunctionErrorData<Query>> | undefined;
}

/**
 * A list, page by page, live: all loaded rows are of one committed state, without gaps or doubles, while rows come, go
 * and move. Other arguments start again with the first page.
 * @param query Takes `paginationOpts` among its arguments and returns what `paginate` does.
 * @param args All its other arguments. `"skip"` asks nothing.
 * @param options `initialNumItems`: how many rows the first page has. A preload of this page has the arguments
 *   `{ …args, paginationOpts: { cursor: null, numItems: initialNumItems } }`.
 *
 * @example
 * const { results, status, loadMore, error } = usePaginatedQuery(api.messages.page, { channel }, { initialNumItems: 20 });
 * if (error) return <p>{error.message}</p>; // Before `status`, which says `LoadingFirstPage` also when that page failed.
 */
export function usePaginatedQuery<Query extends PaginatedQuery>(
  query: Query,
  args: PaginatedArgs<Query> | "skip",
  options: { initialNumItems: number },
): PaginatedQueryResult<Query> {
  const sync = useSyncClient();
  const rendered = useRendered();
  const paginationOpts = { cursor: null, numItems: options.initialNumItems };
  const first = args === "skip" ? null : keyOf(query, { ...args, paginationOpts });
  const begin = () => new LoadedPages(sync, first, rendered.get(first as QueryKey));
  const [held, hold] = useState(begin);
  const pages = held.client === sync && held.first === first ? held : begin();
  if (pages !== held) hold(pages);
  const rows = useSyncExternalStore(pages.subscribe, pages.rows, () => pages.rendered);
  return { ...rows, loadMore: pages.loadMore } as PaginatedQueryResult<Query>;
}
