import { useMemo, useSyncExternalStore } from "react";
import { keyOf } from "../client/calls/named-call.ts";
import { LOADING } from "../client/queries/answer.ts";
import type { QueryResult, Skipped } from "../client/queries/query-result.ts";
import { collect, type NamedKeys, ResultRecord } from "../client/result-record.ts";
import type { FunctionArgs, PublicQuery } from "../functions/reference.ts";
import { useRendered } from "./hydrate-queries.ts";
import { useSyncClient } from "./provider.ts";

/** One of the queries. `args` may be left out when there are none. */
type Request<Query> = { query: Query } & ArgsField<FunctionArgs<Query>>;
// biome-ignore lint/complexity/noBannedTypes: asks whether every argument is optional
type ArgsField<Args> = {} extends Args ? { args?: Args | "skip" } : { args: Args | "skip" };
/** Refuses what is not among the arguments: a name with a typing mistake. */
type Only<Args, Given> = Given extends "skip" ? unknown : { [Name in Exclude<keyof Given, keyof Args>]?: never };
type Requests = Record<string, { query: unknown; args?: Record<string, unknown> | "skip" }>;

/**
 * Several queries by name; all results are of one committed state. Their number may differ from render to render.
 *
 * @example const { channel, members } = useQueries({ channel: { query: api.channels.get, args: { id } }, members: … });
 */
export function useQueries<Queries extends Record<string, PublicQuery>, Args>(
  requests: { [Name in keyof Queries]: Request<Queries[Name]> } & {
    [Name in keyof Args]: { args?: Args[Name] & Only<FunctionArgs<Queries[Name & keyof Queries]>, Args[Name]> };
  },
): { [Name in keyof Queries]: QueryResult<Queries[Name]> | ("skip" extends Args[Name & keyof Args] ? Skipped : never) };
export function useQueries(requests: unknown): unknown {
  const sync = useSyncClient();
  const rendered = useRendered();
  const asked = JSON.stringify(namedKeys(requests as Requests)); // the same text means the same questions
  const keys = useMemo(() => JSON.parse(asked) as NamedKeys, [asked]);
  const record = useMemo(() => new ResultRecord(sync, keys), [sync, keys]);
  const first = useMemo(() => collect(keys, (key) => rendered.get(key) ?? LOADING), [keys, rendered]);
  return useSyncExternalStore(record.watch, record.results, () => first);
}

function namedKeys(requests: Requests): NamedKeys {
  return Object.entries(requests).map(([name, { query, args }]) => [name, args === "skip" ? null : keyOf(query, args)]);
}
