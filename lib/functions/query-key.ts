import { canonical } from "../values/canonical.ts";

/** One question: the path of a query and its arguments in canonical form. Equal questions have equal keys. */
export type QueryKey = string & { readonly __queryKey: true };

/**
 * The key of a question.
 * @throws {ValueError} when the arguments cannot travel.
 */
export function queryKey(path: string, args: Record<string, unknown> | undefined): QueryKey {
  return `${path}${canonical(args ?? {})}` as QueryKey;
}
