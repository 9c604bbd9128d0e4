import { canonical } from "../values/canonical.ts";

/** A query with its arguments: its path, followed by the arguments as canonical text. Equal for equal arguments. */
export type QueryKey = string & { readonly __queryKey: true };

/**
 * The key of a query with its arguments.
 * @throws {ValueError} when the arguments cannot travel.
 */
export function queryKey(path: string, args: Record<string, unknown> | undefined): QueryKey {
  return `${path}${canonical(args ?? {})}` as QueryKey;
}
