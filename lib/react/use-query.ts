import type { PreloadedQueryResult, PublicQuery, QueryResult, Skipped } from "../client/query-result.ts";
import type { FunctionArgs, OptionalArgs } from "../functions/reference.ts";
import type { Preloaded } from "../protocol/preloaded.ts";

/** The same as `usePreloadedQuery`. */
export declare function useQuery<Query extends PublicQuery>(preloaded: Preloaded<Query>): PreloadedQueryResult<Query>;
/** The query's answer, live. `"skip"` asks nothing. */
export declare function useQuery<Query extends PublicQuery>(
  query: Query,
  ...args: OptionalArgs<Query>
): QueryResult<Query>;
export declare function useQuery<Query extends PublicQuery>(
  query: Query,
  args: FunctionArgs<Query> | "skip",
): QueryResult<Query> | Skipped;
