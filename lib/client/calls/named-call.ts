import { type QueryKey, queryKey } from "../../functions/query-key.ts";
import { pathOf } from "../../functions/reference.ts";
import type { Wire } from "../../values/wire.ts";

/** Arguments as they travel. */
export type WireArgs = Record<string, Wire>;

/** The path a caller means: a reference holds it, a string is one. */
export function pathFrom(reference: unknown): string {
  const path = typeof reference === "string" ? reference : pathOf(reference);
  if (path?.includes(":")) return path;
  throw new TypeError(
    "A function is expected" +
      (process.env.NODE_ENV !== "production" ? `, such as ${EXAMPLE}. Found: ${found(reference)}. ${HINT}` : "."),
  );
}

const EXAMPLE = 'api.messages.send or "messages:send"';
const HINT = "A module of api is no function; name one of its functions.";

function found(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : value === null ? "null" : typeof value;
}

/** The key of what a caller asks. */
export function keyOf(reference: unknown, args: Record<string, unknown> | undefined): QueryKey {
  return queryKey(pathFrom(reference), args);
}

/** What a key asks: it holds all of it, so nobody has to carry the arguments beside it. A path holds no brace. */
export function callOf(key: QueryKey): { path: string; args: WireArgs } {
  const brace = key.indexOf("{");
  return { path: key.slice(0, brace), args: JSON.parse(key.slice(brace)) };
}
