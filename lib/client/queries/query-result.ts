import type { FunctionErrorData, FunctionReturnType } from "../../functions/reference.ts";
import type { FunctionError } from "../../protocol/function-error.ts";

export type Loading = { data: undefined; isLoading: true; error: undefined };
export type Good<T> = { data: T; isLoading: false; error: undefined };
/** `data` is the last good one, if there was any. */
export type Failed<T, ErrorData> = { data: T | undefined; isLoading: false; error: FunctionError<ErrorData> };
export type Skipped = { data: undefined; isLoading: false; error: undefined };

/** What is known of a query right now. Check `isLoading`, then `error`; what is left has `data`. */
export type Result<T, ErrorData = unknown> = Loading | Good<T> | Failed<T, ErrorData>;
/** What is known of a query that started with an answer: there is always `data`. */
export type FilledResult<T, ErrorData = unknown> =
  | Good<T>
  | { data: T; isLoading: false; error: FunctionError<ErrorData> };

export type QueryResult<Query> = Result<FunctionReturnType<Query>, FunctionErrorData<Query>>;
export type PreloadedQueryResult<Query> = FilledResult<FunctionReturnType<Query>, FunctionErrorData<Query>>;
