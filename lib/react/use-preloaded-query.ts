import type { PreloadedQueryResult } from "../client/queries/query-result.ts";
import type { PublicQuery } from "../functions/reference.ts";
import type { Preloaded } from "../protocol/preloaded.ts";
import { useQuery } from "./use-query.ts";

/**
 * The answer that the server rendered, live from then on. `data` is never undefined: should the answer turn out to be
 * somebody else's, the component suspends until the server has given the right one.
 */
export function usePreloadedQuery<Query extends PublicQuery>(preloaded: Preloaded<Query>): PreloadedQueryResult<Query> {
  return useQuery(preloaded);
}
