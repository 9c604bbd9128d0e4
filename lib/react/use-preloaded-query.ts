import type { PreloadedQueryResult, PublicQuery } from "../client/query-result.ts";
import type { Preloaded } from "../protocol/preloaded.ts";

/** The answer that the server rendered, live from then on. `data` is never undefined. */
export declare function usePreloadedQuery<Query extends PublicQuery>(
  preloaded: Preloaded<Query>,
): PreloadedQueryResult<Query>;
