import { sortedText } from "../values/canonical.ts";
import type { Wire } from "../values/wire.ts";

/** A query with its arguments: its path, followed by the arguments as canonical text. Equal for equal arguments. */
export type QueryKey = string & { readonly __queryKey: true };

/** The key of a query with its arguments, which are in wire form. */
export function queryKey(path: string, args: Record<string, Wire>): QueryKey {
  return `${path}${sortedText(args)}` as QueryKey;
}
