import { useMemo, useSyncExternalStore } from "react";
import { keyOf } from "../client/calls/named-call.ts";
import { LOADING } from "../client/queries/answer.ts";
import type { QueryResult, Skipped } from "../client/queries/query-result.ts";
import { collect, type NamedKeys, ResultRecord } from "../client/result-record.ts";
import type { FunctionArgs, PublicQuery } from "../functions/reference.ts";
import { useRendered } from "./hydrate-queries.ts";
import { useSyncClient } from "./provider.ts";

/** One query of `useQueries` with its arguments; `args` may be left out when all are optional, and `"skip"` skips it. */
export type QueryRequest<Query> = { query: Query } & ArgsField<FunctionArgs<Query>>;
/** The field `args`: optional when every argument is. */
// biome-ignore lint/complexity/noBannedTypes: asks whether every argument is optional
export type ArgsField<Args> = {} extends Args ? { args?: Args | "skip" } : { args: Args | "skip" };
/** Refuses keys that are not among a query's arguments, such as a name with a typing mistake. */
export type KnownArgsOnly<Args, Given> = Given extends "skip"
  ? unknown
  : { [Name in Exclude<keyof Given, keyof Args>]?: never };
type Requests = Record<string, { query: unknown; args?: Record<string, unknown> | "skip" }>;

/**
 * The live results of several queries by name, all of one committed state. Their number may change between renders.
 *
 * @param requests The queries with their arguments, each under a name; `args: "skip"` skips one.
 * @returns the result of each query under its name: see `useQuery`.
 * @throws when there is no `ConvexProvider` above.
 *
 * @example
 * const { channel, members } = useQueries({
 *   channel: { query: api.channels.get, args: { id } },
 *   members: { query: api.members.list, args: { channel: id } },
 * });
 */
export function useQueries<Queries extends Record<string, PublicQuery>, Args>(
  requests: { [Name in keyof Queries]: QueryRequest<Queries[Name]> } & {
    [Name in keyof Args]: {
      args?: Args[Name] & KnownArgsOnly<FunctionArgs<Queries[Name & keyof Queries]>, Args[Name]>;
    };
  },
): { [Name in keyof Queries]: QueryResult<Queries[Name]> | ("skip" extends Args[Name & keyof Args] ? Skipped : never) };
export function useQueries(requests: unknown): unknown {
  const sync = useSyncClient();
  const rendered = useRendered();
  const asked = JSON.stringify(namedKeys(requests as Requests)); // equal texts mean equal queries
  const keys = useMemo(() => JSON.parse(asked) as NamedKeys, [asked]);
  const record = useMemo(() => new ResultRecord(sync, keys), [sync, keys]);
  const first = useMemo(() => collect(keys, (key) => rendered.get(key) ?? LOADING), [keys, rendered]);
  return useSyncExternalStore(record.watch, record.results, () => first);
}

function namedKeys(requests: Requests): NamedKeys {
  return Object.entries(requests).map(([name, { query, args }]) => [name, args === "skip" ? null : keyOf(query, args)]);
}
