import { canonical } from "../values/canonical.ts";

/** One question: the address of a query and its arguments in canonical form. Equal questions have equal keys. */
export type QueryKey = string & { readonly __queryKey: true };

/**
 * The key of a question.
 * @throws {ValueError} when the arguments cannot travel.
 */
export function queryKey(address: string, args: Record<string, unknown> | undefined): QueryKey {
  return `${address}${canonical(args ?? {})}` as QueryKey;
}
