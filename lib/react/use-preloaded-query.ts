import type { PreloadedQueryResult } from "../client/queries/query-result.ts";
import type { PublicQuery } from "../functions/reference.ts";
import type { Preloaded } from "../protocol/preloaded.ts";
import { useQuery } from "./use-query.ts";

/**
 * The result that the server rendered, live from then on. `data` is never undefined: if the page turns out to be rendered
 * for another identity, the component suspends until the server has sent the result for this one.
 *
 * @param preloaded What `preloadQuery` returned, as a prop from a server component.
 * @returns the result: `data`, and `error` if the last run failed.
 * @throws when there is no `ConvexProvider` above.
 * @throws {FunctionError} when the query fails before there is any `data`.
 *
 * @example
 * export function Messages({ preloaded }: { preloaded: Preloaded<typeof api.messages.list> }) {
 *   const { data } = usePreloadedQuery(preloaded);
 *   return data.map(({ id, text }) => <p key={id}>{text}</p>);
 * }
 */
export function usePreloadedQuery<Query extends PublicQuery>(preloaded: Preloaded<Query>): PreloadedQueryResult<Query> {
  return useQuery(preloaded);
}
