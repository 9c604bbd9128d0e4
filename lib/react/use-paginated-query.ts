import { useState, useSyncExternalStore } from "react";
import { callOf, keyOf } from "../client/calls/named-call.ts";
import { LoadedPages, type PaginationStatus } from "../client/loaded-pages.ts";
import type { PaginationOptions, PaginationResult } from "../functions/pagination/pagination-options.ts";
import type { QueryKey } from "../functions/query-key.ts";
import type { FunctionArgs, FunctionErrorData, FunctionReference, FunctionReturnType } from "../functions/reference.ts";
import type { FunctionError } from "../protocol/function-error.ts";
import type { Preloaded } from "../protocol/preloaded.ts";
import { useIngested, useRendered } from "./hydrate-queries.ts";
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
 * The rows of a query whose first page the server rendered: the HTML holds them, and they are there on the first render in
 * the browser. Live from then on, and more can be loaded. With a preload of other arguments the list starts again with its
 * first page; with a newer one of the same arguments all loaded pages stay.
 *
 * It does not suspend. If the page turns out to be rendered for another identity, `status` is `LoadingFirstPage` until the
 * server has sent the rows for this one.
 *
 * @param preloaded What `preloadQuery` returned for a query that takes `paginationOpts`, as a prop from a server component.
 * @param options `initialNumItems` may be left out: the first page has the `numItems` that were preloaded.
 * @returns the rows, `status`, `loadMore` and `error`.
 * @throws when there is no `ConvexProvider` above.
 * @throws {RangeError} in development, when `initialNumItems` is not the number that was preloaded.
 *
 * @example
 * // In the server component: paginationOpts: { cursor: null, numItems: 20 }
 * const { results, status, loadMore } = usePaginatedQuery(preloaded, { initialNumItems: 20 });
 */
export function usePaginatedQuery<Query extends PaginatedQuery>(
  preloaded: Preloaded<Query>,
  options?: { initialNumItems?: number },
): PaginatedQueryResult<Query>;
/**
 * A query's rows page by page, live. All loaded rows are of one committed state, each of them once, also while rows are
 * inserted, deleted and moved. With other arguments the list starts again with its first page.
 *
 * @param query A reference to a query that takes `paginationOpts` among its arguments and returns what `paginate` does.
 * @param args All its other arguments; `"skip"` watches nothing.
 * @param options `initialNumItems`: how many rows the first page has, from 1 to 1,000.
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
): PaginatedQueryResult<Query>;
export function usePaginatedQuery(query: unknown, ...rest: unknown[]): PaginatedQueryResult<PaginatedQuery> {
  const sync = useSyncClient();
  const read = useIngested(sync, query);
  const rendered = useRendered();
  if (read && process.env.NODE_ENV !== "production") expectPreloadedNumber(read.key, rest[0] as InitialNumber);
  const first = read ? read.key : firstPage(query, rest[0] as Arguments | "skip", rest[1] as InitialNumber);
  const begin = () => new LoadedPages(sync, first, read?.answer.result ?? rendered.get(first as QueryKey));
  const [held, hold] = useState(begin);
  const pages = held.client === sync && held.first === first ? held : begin();
  if (pages !== held) hold(pages);
  const rows = useSyncExternalStore(pages.subscribe, pages.rows, () => pages.rendered);
  return { ...rows, loadMore: pages.loadMore } as PaginatedQueryResult<PaginatedQuery>;
}

type Arguments = Record<string, unknown>;
type InitialNumber = { initialNumItems?: number } | undefined;

/** The query of the first page; null when it is skipped. */
function firstPage(query: unknown, args: Arguments | "skip", options: InitialNumber): QueryKey | null {
  const paginationOpts = { cursor: null, numItems: options?.initialNumItems };
  return args === "skip" ? null : keyOf(query, { ...args, paginationOpts });
}

/** Development: the number is written in two places, the server component and the client component. */
function expectPreloadedNumber(key: QueryKey, options: InitialNumber): void {
  const { numItems } = (callOf(key).args as { paginationOpts: PaginationOptions }).paginationOpts;
  const asked = options?.initialNumItems;
  if (asked === undefined || asked === numItems) return;
  throw new RangeError(
    `usePaginatedQuery expects initialNumItems to be the number that was preloaded: ${numItems}. Found: ${asked}. ` +
      "Pass the same number to both, or leave it out here.",
  );
}
