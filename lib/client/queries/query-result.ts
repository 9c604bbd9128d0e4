import type { FunctionErrorData, FunctionReturnType } from "../../functions/reference.ts";
import type { FunctionError } from "../../protocol/function-error.ts";

/** There is no result yet. */
export type Loading = {
  /** No value yet. */
  data: undefined;
  /** Waiting for the first result. */
  isLoading: true;
  /** No error. */
  error: undefined;
};
/** The last run of the query succeeded. */
export type Good<T> = {
  /** The value that the query returned. */
  data: T;
  /** The result is there. */
  isLoading: false;
  /** No error. */
  error: undefined;
};
/** The last run of the query failed. */
export type Failed<T, ErrorData> = {
  /** The last good value; undefined if there was none. */
  data: T | undefined;
  /** The result is there. */
  isLoading: false;
  /** The error that the last run failed with. */
  error: FunctionError<ErrorData>;
};
/** The query is skipped: its arguments are `"skip"`. */
export type Skipped = {
  /** No value. */
  data: undefined;
  /** Nothing is being loaded. */
  isLoading: false;
  /** No error. */
  error: undefined;
};

/** The result of a query. Check `isLoading` first, then `error`; after both there is `data`. */
export type Result<T, ErrorData = unknown> = Loading | Good<T> | Failed<T, ErrorData>;
/** The result of a query that began with a result: there is always `data`. */
export type FilledResult<T, ErrorData = unknown> =
  | Good<T>
  | { data: T; isLoading: false; error: FunctionError<ErrorData> };

/**
 * What `useQuery` returns for a query. Check `isLoading` first, then `error`; after both there is `data`.
 *
 * @example type Messages = QueryResult<typeof api.messages.list>;
 */
export type QueryResult<Query> = Result<FunctionReturnType<Query>, FunctionErrorData<Query>>;
/**
 * What `usePreloadedQuery` returns for a query: there is always `data`.
 *
 * @example type Messages = PreloadedQueryResult<typeof api.messages.list>;
 */
export type PreloadedQueryResult<Query> = FilledResult<FunctionReturnType<Query>, FunctionErrorData<Query>>;
