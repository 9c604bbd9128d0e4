import { use, useMemo, useSyncExternalStore } from "react";
import { keyOf } from "../client/calls/named-call.ts";
import { LOADING, SKIPPED } from "../client/queries/answer.ts";
import type { PreloadedQueryResult, QueryResult, Skipped } from "../client/queries/query-result.ts";
import type { FunctionArgs, OptionalArgs, PublicQuery } from "../functions/reference.ts";
import type { Preloaded } from "../protocol/preloaded.ts";
import { useStableArguments } from "./changing-arguments.ts";
import { useIngested, useRendered } from "./hydrate-queries.ts";
import { useSyncClient } from "./provider.ts";

type Arguments = Record<string, unknown>;

/**
 * The result that the server rendered, live from then on: the same as `usePreloadedQuery`.
 *
 * @param preloaded What `preloadQuery` returned, as a prop from a server component.
 */
export function useQuery<Query extends PublicQuery>(preloaded: Preloaded<Query>): PreloadedQueryResult<Query>;
/**
 * A query's live result. The component renders again when it changes; rows that did not change are the same objects. Check
 * `isLoading` first, then `error`; after both there is `data`. An error leaves the last good `data` beside it.
 *
 * @param query A reference to the query, such as `api.messages.list`.
 * @param args The query's arguments; may be left out when all are optional. `"skip"` watches nothing: `data` and `error`
 *   are undefined then, and `isLoading` is false.
 * @returns `data`, `isLoading` and `error`.
 * @throws when there is no `ConvexProvider` above.
 *
 * @example
 * const { data, isLoading, error } = useQuery(api.messages.list, { channel });
 * if (isLoading) return <Spinner />;
 * if (error) return <p>{error.message}</p>;
 * return data.map(({ id, text }) => <p key={id}>{text}</p>);
 */
export function useQuery<Query extends PublicQuery>(query: Query, ...args: OptionalArgs<Query>): QueryResult<Query>;
/** The same for arguments that may be `"skip"`, which watches nothing. */
export function useQuery<Query extends PublicQuery>(
  query: Query,
  args: FunctionArgs<Query> | "skip",
): QueryResult<Query> | Skipped;
export function useQuery(query: unknown, ...rest: unknown[]): unknown {
  const sync = useSyncClient();
  const rendered = useRendered();
  const read = useIngested(sync, query);
  const args = rest[0] as Arguments | "skip" | undefined;
  const key = read ? read.key : args === "skip" ? null : keyOf(query, args);
  const subscribe = useMemo(
    () => (listener: () => void) => sync.watch(key === null ? [] : [key], listener),
    [sync, key],
  );
  // The first render in the browser shows what the server rendered, whatever newer result there is.
  const first = read?.answer.result ?? (key === null ? SKIPPED : (rendered.get(key) ?? LOADING));
  const result = useSyncExternalStore(
    subscribe,
    () => (key === null ? SKIPPED : sync.result(key)),
    () => first,
  );
  // biome-ignore lint/correctness/useHookAtTopLevel: the condition is the same on every render
  if (process.env.NODE_ENV !== "production") useStableArguments(sync, key, result.isLoading);
  if (read === undefined) return result;
  // A preloaded query has data from its first render on, unless the render was for another identity: then it suspends.
  const filled = result.isLoading ? sync.serverResult(read.key) : result;
  if (filled === undefined) use(sync.answered(read.key));
  if (filled?.error && filled.data === undefined) throw filled.error;
  return filled;
}
