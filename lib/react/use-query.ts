import { use, useCallback, useMemo, useSyncExternalStore } from "react";
import { keyOf } from "../client/calls/named-call.ts";
import { LOADING, SKIPPED } from "../client/queries/answer.ts";
import type { PreloadedQueryResult, QueryResult, Result, Skipped } from "../client/queries/query-result.ts";
import type { QueryKey } from "../functions/query-key.ts";
import type { FunctionArgs, OptionalArgs, PublicQuery } from "../functions/reference.ts";
import type { Preloaded, PreloadedAnswer } from "../protocol/preloaded.ts";
import { useRendered } from "./hydrate-queries.ts";
import { useSyncClient } from "./provider.ts";

type Arguments = Record<string, unknown>;

/** The answer that the server rendered, live from then on: the same as `usePreloadedQuery`. */
export function useQuery<Query extends PublicQuery>(preloaded: Preloaded<Query>): PreloadedQueryResult<Query>;
/**
 * A query's answer, live. The component renders again when it changes; rows that did not change are the same objects.
 * @param args May be left out when there are none. `"skip"` asks nothing.
 */
export function useQuery<Query extends PublicQuery>(query: Query, ...args: OptionalArgs<Query>): QueryResult<Query>;
export function useQuery<Query extends PublicQuery>(
  query: Query,
  args: FunctionArgs<Query> | "skip",
): QueryResult<Query> | Skipped;
export function useQuery(query: unknown, ...rest: unknown[]): unknown {
  const sync = useSyncClient();
  const rendered = useRendered();
  const preloaded = isPreloaded(query) ? query : undefined;
  const read = useMemo(() => preloaded && sync.ingest(preloaded), [sync, preloaded]);
  const args = rest[0] as Arguments | "skip" | undefined;
  const key = read ? read.key : args === "skip" ? null : keyOf(query, args);
  const result = useResult(key, read?.answer.result ?? (key === null ? SKIPPED : (rendered.get(key) ?? LOADING)));
  if (read === undefined) return result;
  // A preloaded query has data from its first render on, unless it turned out to be somebody else's: then it suspends.
  const filled = result.isLoading ? sync.serverResult(read.key) : result;
  if (filled === undefined) use(sync.answered(read.key));
  if (filled?.error && filled.data === undefined) throw filled.error;
  return filled;
}

/** @param first What the server rendered: what the first render in the browser shows as well, whatever is known by now. */
function useResult(key: QueryKey | null, first: Result<unknown> | Skipped): Result<unknown> | Skipped {
  const sync = useSyncClient();
  const subscribe = useCallback((listener: () => void) => sync.watch(key === null ? [] : [key], listener), [sync, key]);
  return useSyncExternalStore(
    subscribe,
    () => (key === null ? SKIPPED : sync.result(key)),
    () => first,
  );
}

function isPreloaded(query: unknown): query is Preloaded<PublicQuery> {
  return typeof (query as Partial<PreloadedAnswer> | undefined)?.text === "string"; // a reference has none but references
}
