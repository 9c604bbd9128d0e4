import type { Cancel } from "../environment/environment.ts";
import type { PaginationOptions, PaginationResult } from "../functions/pagination/pagination-options.ts";
import type { QueryKey } from "../functions/query-key.ts";
import type { FunctionError } from "../protocol/function-error.ts";
import { isSame, share } from "../values/share.ts";
import { fromWire } from "../values/wire.ts";
import { callOf, keyOf } from "./calls/named-call.ts";
import { LOADING } from "./queries/answer.ts";
import type { Result } from "./queries/query-result.ts";
import type { SyncClient } from "./sync-client.ts";

/**
 * `LoadingFirstPage`: there are no rows yet. `CanLoadMore`: more rows follow. `LoadingMore`: they are being loaded.
 * `Exhausted`: no rows follow now, though a later write may put some there: an insert, or an update that moves a row.
 */
export type PaginationStatus = "LoadingFirstPage" | "CanLoadMore" | "LoadingMore" | "Exhausted";

/** The rows of all loaded pages, of one committed state. */
export interface LoadedRows {
  readonly results: unknown[];
  readonly status: PaginationStatus;
  readonly error: FunctionError | undefined;
}

const NO_ROWS: LoadedRows = Object.freeze({ results: [], status: "LoadingFirstPage", error: undefined });

/** A page that is watched: the first `numItems` rows after `cursor`, or all of them up to an `endCursor` in `key`. */
interface WatchedPage {
  readonly key: QueryKey;
  readonly cursor: string | null;
  readonly numItems: number;
}

/**
 * The pages of one list that a component has loaded. Each is a query of its own, and all queries of a client show one
 * state. Every page but the last has a fixed end, where the next one begins, so that no row is lost or doubled when rows
 * move between them.
 *
 * To load another page, the end of the last one is fixed too, which is another query. Until the server has answered both,
 * in one update, the last page is shown as it was: so no row is missing or doubled at any moment.
 */
export class LoadedPages {
  readonly client: SyncClient;
  /** The query of the first page; null watches nothing. */
  readonly first: QueryKey | null;
  /** The rows of the first page as the server rendered it: the same object as `rows()` until there is a newer result. */
  readonly rendered: LoadedRows;
  #shown: readonly WatchedPage[];
  /** The pages that are shown once all of them are answered. */
  #coming: readonly WatchedPage[] = [];
  #listener: (() => void) | undefined;
  #stop: Cancel | undefined;
  /** The results that `#rows` was made of. */
  #read: readonly Result<unknown>[];
  #rows: LoadedRows;

  /**
   * @param first The query with all its arguments, those of the first page included.
   * @param rendered Its result as the server rendered it.
   */
  constructor(client: SyncClient, first: QueryKey | null, rendered: Result<unknown> = LOADING) {
    this.client = client;
    this.first = first;
    this.#shown = this.#firstPage();
    this.#read = this.#shown.map(() => rendered);
    this.rendered = this.#rows = join(this.#read, [], NO_ROWS);
  }

  /** The same object until it changes. */
  readonly rows = (): LoadedRows => {
    const read = [...this.#shown, ...this.#coming].map(({ key }) => this.client.result(key));
    if (!isSame(read, this.#read)) {
      this.#rows = join(read.slice(0, this.#shown.length), read.slice(this.#shown.length), this.#rows);
      this.#read = read;
    }
    return this.#rows;
  };

  /** Watches the pages until stopped. One listener at a time. */
  readonly subscribe = (listener: () => void): Cancel => {
    this.#listener = listener;
    this.#watch();
    this.#changed();
    return () => {
      this.#listener = undefined;
      this.#watch();
    };
  };

  /** Loads `numItems` more rows. Does nothing unless the status is `CanLoadMore`. */
  readonly loadMore = (numItems: number): void => {
    const last = this.#shown.at(-1);
    if (last === undefined || this.rows().status !== "CanLoadMore") return;
    const { continueCursor } = this.client.result(last.key).data as PaginationResult<unknown>;
    const pinned = this.#page(last.cursor, last.numItems, continueCursor);
    this.client.seedFrom(pinned.key, last.key);
    this.#coming = [...this.#shown.slice(0, -1), pinned, this.#page(continueCursor, numItems)];
    this.#watch();
    this.#changed();
  };

  #changed(): void {
    const results = (pages: readonly WatchedPage[]) => pages.map(({ key }) => this.client.result(key));
    if (this.#coming.length > 0 && results(this.#coming).every(({ data }) => data !== undefined)) {
      this.#show(this.#coming);
    } else if (this.#shown.length > 1 && results(this.#shown).some(({ error }) => error?.kind === "badRequest")) {
      this.#show(this.#firstPage()); // the query has another order now and refuses its old cursors
    }
    this.#listener?.();
  }

  #show(pages: readonly WatchedPage[]): void {
    this.#shown = pages;
    this.#coming = [];
    this.#watch();
  }

  /** Watches the new pages before it stops watching the old ones, so that a page in both stays live. */
  #watch(): void {
    const stop = this.#stop;
    const keys = [...this.#shown, ...this.#coming].map(({ key }) => key);
    this.#stop = this.#listener && this.client.watch(keys, () => this.#changed());
    stop?.();
  }

  #firstPage(): WatchedPage[] {
    if (this.first === null) return [];
    const { cursor, numItems } = (callOf(this.first).args as { paginationOpts: PaginationOptions }).paginationOpts;
    return [{ key: this.first, cursor, numItems }];
  }

  #page(cursor: string | null, numItems: number, endCursor?: string): WatchedPage {
    const { path, args } = callOf(this.first as QueryKey);
    const others = fromWire(args) as Record<string, unknown>;
    return { key: keyOf(path, { ...others, paginationOpts: { cursor, endCursor, numItems } }), cursor, numItems };
  }
}

/** The rows up to the first page without data. A row keeps its identity, also when it has moved to another page. */
function join(shown: readonly Result<unknown>[], coming: readonly Result<unknown>[], before: LoadedRows): LoadedRows {
  const missing = shown.findIndex(({ data }) => data === undefined);
  const pages = (missing < 0 ? shown : shown.slice(0, missing)).map(({ data }) => data as PaginationResult<unknown>);
  return {
    results: share(
      before.results,
      pages.flatMap(({ page }) => page),
    ),
    status: statusOf(pages, missing >= 0 || (coming.length > 0 && !coming.some(({ error }) => error))),
    error: [...shown, ...coming].find(({ error }) => error)?.error,
  };
}

function statusOf(pages: readonly PaginationResult<unknown>[], isLoading: boolean): PaginationStatus {
  const last = pages.at(-1);
  if (last === undefined) return "LoadingFirstPage";
  if (isLoading) return "LoadingMore";
  return last.isDone ? "Exhausted" : "CanLoadMore";
}
