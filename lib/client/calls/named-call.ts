import { type QueryKey, queryKey } from "../../functions/query-key.ts";
import { pathOf } from "../../functions/reference.ts";
import { encodeArguments } from "../../protocol/encode-arguments.ts";
import { isRecord, type Wire } from "../../values/wire.ts";

/** Arguments in wire form. */
export type WireArgs = Record<string, Wire>;

/** The path of a function that is named by a reference or by its path. @throws {TypeError} when it is neither. */
export function pathFrom(reference: unknown): string {
  const path = typeof reference === "string" ? reference : pathOf(reference);
  if (path?.includes(":")) return path;
  throw new TypeError(
    "A function is expected" +
      (process.env.NODE_ENV !== "production"
        ? `, such as ${EXAMPLE}. Found: ${found(reference)}. ${isEmpty(reference) ? EMPTY_HINT : HINT}`
        : "."),
  );
}

const EXAMPLE = 'api.messages.send or "messages:send"';
const HINT = "A module of api is not a function: name one of its functions.";
/** What a reference has become that was a prop of a client component. */
const EMPTY_HINT =
  "Was it a prop from a server component? Next sends a reference as {}: import api in the client component instead.";

/** A module of `api` looks empty, too, but has a reference under every name. */
function isEmpty(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length === 0 && value.name === undefined;
}

function found(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : value === null ? "null" : typeof value;
}

/**
 * The key of a query that is named by a reference or by its path.
 * @throws {BadRequestError} when the arguments cannot travel.
 */
export function keyOf(reference: unknown, args: Record<string, unknown> | undefined): QueryKey {
  const path = pathFrom(reference);
  return queryKey(path, encodeArguments(path, args));
}

/** The path and the arguments in a key. A path has no brace, so the first one begins the arguments. */
export function callOf(key: QueryKey): { path: string; args: WireArgs } {
  const brace = key.indexOf("{");
  return { path: key.slice(0, brace), args: JSON.parse(key.slice(brace)) };
}
