import type { PublicQuery, QueryResult, Skipped } from "../client/query-result.ts";
import type { FunctionArgs } from "../functions/reference.ts";

/** Watches several queries; all results are of one committed state. */
export declare function useQueries<Queries extends Record<string, PublicQuery>>(requests: {
  [Name in keyof Queries]: { query: Queries[Name]; args: FunctionArgs<Queries[Name]> | "skip" };
}): { [Name in keyof Queries]: QueryResult<Queries[Name]> | Skipped };
