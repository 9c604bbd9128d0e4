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

/** What `usePaginatedQuery` returns. */
export interface PaginatedQueryResult<Query extends PaginatedQuery> {
  /** The rows of all loaded pages, in order. Rows that did not change are the same objects. */
  results: FunctionReturnType<Query>["page"];
  /** Whether more rows can be loaded. Check `error` first: after a first page that failed this is `LoadingFirstPage`. */
  status: PaginationStatus;
  /** Loads `numItems` more rows, from 1 to 1,000. Does nothing unless `status` is `CanLoadMore`. */
  loadMore: (numItems: number) => void;
  /** The error that a page failed with; `results` are the last good ones then. Undefined again after the next good answer. */
  error: FunctionError<FunctionErrorData<Query>> | undefined;
}

/**
 * A query's rows page by page, live. All loaded rows are of one committed state, each of them once, also while rows are
 * inserted, deleted and moved. With other arguments the list starts again with its first page.
 *
 * @param query A reference to a query that takes `paginationOpts` among its arguments and returns what `paginate` does.
 * @param args All its other arguments; `"skip"` watches nothing.
 * @param options `initialNumItems`: how many rows the first page has, from 1 to 1,000. To preload this page, pass
 *   `{ ...args, paginationOpts: { cursor: null, numItems: initialNumItems } }` to `preloadQuery`.
 * @returns the rows, `status`, `loadMore` and `error`.
 * @throws when there is no `ConvexProvider` above.
 *
 * @example
 * const { results, status, loadMore, error } = usePaginatedQuery(api.messages.page, { channel }, { initialNumItems: 20 });
 * if (error) return <p>{error.message}</p>; // Before `status`: it is `LoadingFirstPage` also when that page failed.
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
