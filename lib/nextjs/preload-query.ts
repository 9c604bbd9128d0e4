import { cache } from "react";
import { queryKey } from "../functions/query-key.ts";
import {
  type FunctionReference,
  type FunctionReturnType,
  isInternalReference,
  type OptionalArgs,
} from "../functions/reference.ts";
import { encodeArguments } from "../protocol/encode-arguments.ts";
import { toFunctionError } from "../protocol/function-error.ts";
import type { Preloaded, PreloadedAnswer } from "../protocol/preloaded.ts";
import { fromWire } from "../values/wire.ts";
import { pathOfReference } from "./path-of-reference.ts";
import { runningServer } from "./running-server.ts";

const INTERNAL =
  "expected a reference from `api`. Found one from `internal`: the browser could not subscribe to it. Read it with " +
  "`fetchQuery`, or export a public query.";

/**
 * Runs a query while a page is rendered on the server. Pass the result to a client component and read it there with
 * `usePreloadedQuery`: the HTML contains the data, and the component stays live without a second run of the query.
 *
 * Equal queries of one request run once. Queries that are started in the same tick read the same snapshot of the database.
 * @param query A reference to the query: `api.messages.listByChannel`. Not one of `internal`, to which no browser may
 *   subscribe.
 * @param args The arguments of the query; they may be left out if it takes none.
 * @returns a promise of the preloaded result, which can be a prop of a client component.
 * @throws {FunctionError} the error of the query, or of the call. Its `kind` tells which.
 * @throws {Error} when no convex-lite server runs in this process, as in `next build`.
 * @example
 * const preloaded = await preloadQuery(api.messages.listByChannel, { channel });
 * return <Messages preloaded={preloaded} />;
 */
export async function preloadQuery<Query extends FunctionReference<"query", "public">>(
  query: Query,
  ...[args]: OptionalArgs<Query>
): Promise<Preloaded<Query>> {
  const path = pathOfReference("preloadQuery", query);
  if (isInternalReference(query)) throw new TypeError(`preloadQuery: ${INTERNAL}`);
  const { runtime, caller } = await runningServer("preloadQuery");
  const answers = answersOfRequest();
  const key = queryKey(path, encodeArguments(path, args));
  let answer = answers.get(key);
  if (!answer) {
    answer = runtime.preload(path, args ?? {}, caller).then((outcome) => {
      if (outcome.ok) return outcome.value;
      throw toFunctionError(outcome.error);
    });
    answers.set(key, answer);
  }
  return await answer;
}

/**
 * Reads the result of a preloaded query in the server component itself.
 * @param preloaded What `preloadQuery` resolved with.
 * @returns the result of the query.
 * @example
 * const preloaded = await preloadQuery(api.channels.list);
 * const [first] = preloadedQueryResult(preloaded);
 */
export function preloadedQueryResult<Query extends FunctionReference<"query", "public">>(
  preloaded: Preloaded<Query>,
): FunctionReturnType<Query> {
  return fromWire(JSON.parse(preloaded.text)) as FunctionReturnType<Query>;
}

/** The preloaded answers of the request that is rendered. Outside of a render each call returns a new map. */
const answersOfRequest = cache(() => new Map<string, Promise<PreloadedAnswer>>());

/** Makes later preloads of this request run their queries again, because a write may have changed the answers. */
export function forgetAnswers(): void {
  answersOfRequest().clear();
}
