import type { Cancel } from "../environment/environment.ts";
import type { PaginationResult } from "../functions/pagination/pagination-options.ts";
import { type QueryKey, queryKey } from "../functions/query-key.ts";
import type { FunctionError } from "../protocol/function-error.ts";
import { share } from "../values/share.ts";
import { fromWire } from "../values/wire.ts";
import { callOf } from "./calls/named-call.ts";
import { LOADING } from "./queries/answer.ts";
import type { Result } from "./queries/query-result.ts";
import type { SyncClient } from "./sync-client.ts";

/** `LoadingMore` follows `loadMore`; `Exhausted`: no row comes after these now, though one may be written later. */
export type PaginationStatus = "LoadingFirstPage" | "CanLoadMore" | "LoadingMore" | "Exhausted";

/** The rows of all loaded pages, of one committed state. */
export interface LoadedRows {
  readonly results: unknown[];
  readonly status: PaginationStatus;
  readonly error: FunctionError | undefined;
}

const NO_ROWS: LoadedRows = Object.freeze({ results: [], status: "LoadingFirstPage", error: undefined });

/** A page that is asked for: the first `numItems` rows behind `cursor`, or all of them up to `endCursor`. */
interface AskedPage {
  readonly key: QueryKey;
  readonly cursor: string | null;
  readonly numItems: number;
}

/**
 * The pages of one list that a component has loaded. Each ends where the next one begins, whatever moves between them:
 * the end of all but the last is fixed. They are queries of their own, and as all queries of a client are of one state.
 *
 * Before another page is loaded, the end of the last has to be fixed, too. Until the server has answered both, in one
 * update, the last page is shown as it was: so no row is missing or there twice at any moment.
 */
export class LoadedPages {
  readonly client: SyncClient;
  /** The question that begins the list; null asks nothing. */
  readonly first: QueryKey | null;
  /** The first page as the server rendered it: the same object as `rows()` while that is what is known. */
  readonly rendered: LoadedRows;
  #shown: readonly AskedPage[];
  /** What is shown once all of it has been answered. */
  #coming: readonly AskedPage[] = [];
  #listener: (() => void) | undefined;
  #stop: Cancel | undefined;
  /** What `#rows` was made of. */
  #read: readonly Result<unknown>[];
  #rows: LoadedRows;

  /**
   * @param first The query with all its arguments, those of the first page included.
   * @param rendered The answer to it that the server rendered.
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
    if (read.length !== this.#read.length || read.some((result, i) => result !== this.#read[i])) {
      this.#rows = join(read.slice(0, this.#shown.length), read.slice(this.#shown.length), this.#rows);
      this.#read = read;
    }
    return this.#rows;
  };

  /** Asks for the pages until stopped. One listener at a time. */
  readonly subscribe = (listener: () => void): Cancel => {
    this.#listener = listener;
    this.#watch();
    this.#changed();
    return () => {
      this.#listener = undefined;
      this.#watch();
    };
  };

  /** Asks for so many more rows. Does nothing unless the status is `CanLoadMore`. */
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
    const results = (pages: readonly AskedPage[]) => pages.map(({ key }) => this.client.result(key));
    if (this.#coming.length > 0 && results(this.#coming).every(({ data }) => data !== undefined)) {
      this.#show(this.#coming);
    } else if (this.#shown.length > 1 && results(this.#shown).some(({ error }) => error?.kind === "badRequest")) {
      this.#show(this.#firstPage()); // the query has another order now, and does not take its old cursors
    }
    this.#listener?.();
  }

  #show(pages: readonly AskedPage[]): void {
    this.#shown = pages;
    this.#coming = [];
    this.#watch();
  }

  /** Asks for what is new before it lets go of what is not needed any more. */
  #watch(): void {
    const stop = this.#stop;
    const keys = new Set([...this.#shown, ...this.#coming].map(({ key }) => key));
    this.#stop = this.#listener && this.client.watch([...keys], () => this.#changed());
    stop?.();
  }

  #firstPage(): AskedPage[] {
    if (this.first === null) return [];
    const { numItems } = (callOf(this.first).args as { paginationOpts: { numItems: number } }).paginationOpts;
    return [{ key: this.first, cursor: null, numItems }];
  }

  #page(cursor: string | null, numItems: number, endCursor?: string): AskedPage {
    const { path, args } = callOf(this.first as QueryKey);
    const others = fromWire(args) as Record<string, unknown>;
    return { key: queryKey(path, { ...others, paginationOpts: { cursor, endCursor, numItems } }), cursor, numItems };
  }
}

/** Up to the first page that is missing. Rows keep their identity, also when they have moved to another page. */
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
