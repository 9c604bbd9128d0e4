import { useCallback, useMemo, useSyncExternalStore } from "react";
import { LOADING } from "../client/answer.ts";
import type { PublicQuery, QueryResult, Skipped } from "../client/query-result.ts";
import { keyOf } from "../client/question.ts";
import { collect, type NamedKeys, ResultRecord } from "../client/result-record.ts";
import type { FunctionArgs } from "../functions/reference.ts";
import { useRendered } from "./hydrate-queries.ts";
import { useSyncClient } from "./provider.ts";

type Requests = Record<string, { query: unknown; args?: Record<string, unknown> | "skip" }>;

/**
 * Several queries by name; all results are of one committed state. Their number may differ from render to render.
 *
 * @example const { channel, members } = useQueries({ channel: { query: api.channels.get, args: { id } }, members: … });
 */
export function useQueries<Queries extends Record<string, PublicQuery>>(
  requests: {
    [Name in keyof Queries]: { query: Queries[Name]; args: FunctionArgs<Queries[Name]> | "skip" };
  },
): { [Name in keyof Queries]: QueryResult<Queries[Name]> | Skipped };
export function useQueries(requests: unknown): unknown {
  const sync = useSyncClient();
  const rendered = useRendered();
  const asked = JSON.stringify(namedKeys(requests as Requests)); // the same text means the same questions
  const keys = useMemo(() => JSON.parse(asked) as NamedKeys, [asked]);
  const record = useMemo(() => new ResultRecord(sync, keys), [sync, keys]);
  const first = useMemo(() => collect(keys, (key) => rendered.get(key) ?? LOADING), [keys, rendered]);
  const subscribe = useCallback((listener: () => void) => record.watch(listener), [record]);
  return useSyncExternalStore(
    subscribe,
    () => record.results(),
    () => first,
  );
}

function namedKeys(requests: Requests): NamedKeys {
  return Object.entries(requests).map(([name, { query, args }]) => [name, args === "skip" ? null : keyOf(query, args)]);
}
