import { createContext, createElement, type ReactNode, useContext, useMemo } from "react";
import type { Result } from "../client/queries/query-result.ts";
import type { QueryKey } from "../functions/query-key.ts";
import type { PreloadedAnswer } from "../protocol/preloaded.ts";
import { useSyncClient } from "./provider.ts";

const Rendered = createContext<ReadonlyMap<QueryKey, Result<unknown>>>(new Map());

export interface HydrateQueriesProps {
  /** What `preloadQuery` returned, for any number of queries. */
  preloaded: readonly PreloadedAnswer[];
  children?: ReactNode;
}

/** Any client component below calls `useQuery` as usual and finds these answers already there, on its first render. */
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

/** What the server rendered, by key: what the first render in the browser has to show as well. */
export function useRendered(): ReadonlyMap<QueryKey, Result<unknown>> {
  return useContext(Rendered);
}
