import { createContext, createElement, type ReactNode, useContext, useMemo } from "react";
import type { RenderedAnswer } from "../client/queries/answer.ts";
import type { Result } from "../client/queries/query-result.ts";
import type { SyncClient } from "../client/sync-client.ts";
import type { QueryKey } from "../functions/query-key.ts";
import type { PreloadedAnswer } from "../protocol/preloaded.ts";
import { useSyncClient } from "./provider.ts";

const Rendered = createContext<ReadonlyMap<QueryKey, Result<unknown>>>(new Map());

/** The props of `HydrateQueries`. */
export interface HydrateQueriesProps {
  /** What `preloadQuery` returned, for any number of queries. */
  preloaded: readonly PreloadedAnswer[];
  /** The components that find these results. */
  children?: ReactNode;
}

/**
 * Gives results that the server rendered to the components below: `useQuery`, `useQueries` and `usePaginatedQuery` of the
 * same query and arguments have them on the first render, live from then on.
 *
 * @param props `preloaded`, the results of `preloadQuery`, and `children`.
 * @returns the children.
 * @throws when there is no `ConvexProvider` above.
 *
 * @example
 * const preloaded = await Promise.all([preloadQuery(api.channels.list), preloadQuery(api.members.list, { channel })]);
 * return <HydrateQueries preloaded={preloaded}><Chat channel={channel} /></HydrateQueries>;
 */
export function HydrateQueries({ preloaded, children }: HydrateQueriesProps): ReactNode {
  const sync = useSyncClient();
  const above = useContext(Rendered);
  const rendered = useMemo(() => {
    const all = new Map(above);
    for (const { key, answer } of preloaded.map((one) => sync.ingest(one))) all.set(key, answer.result);
    return all;
  }, [sync, above, preloaded]);
  return createElement(Rendered.Provider, { value: rendered }, children);
}

/** The results that the server rendered, by key. React requires the first render in the browser to show the same. */
export function useRendered(): ReadonlyMap<QueryKey, Result<unknown>> {
  return useContext(Rendered);
}

/** Gives the client the answer that a hook is passed in place of a reference, once. Undefined: it is passed a reference. */
export function useIngested(client: SyncClient, query: unknown): RenderedAnswer | undefined {
  return useMemo(() => (isPreloaded(query) ? client.ingest(query) : undefined), [client, query]);
}

function isPreloaded(query: unknown): query is PreloadedAnswer {
  return typeof (query as Partial<PreloadedAnswer> | undefined)?.text === "string"; // every property of a reference is a reference
}
