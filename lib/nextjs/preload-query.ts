import { cache } from "react";
import { queryKey } from "../functions/query-key.ts";
import {
  type FunctionReference,
  type FunctionReturnType,
  functionPath,
  type OptionalArgs,
} from "../functions/reference.ts";
import { toFunctionError } from "../protocol/function-error.ts";
import type { Preloaded, PreloadedAnswer } from "../protocol/preloaded.ts";
import { fromWire } from "../values/wire.ts";
import { runningServer } from "./running-server.ts";

/**
 * Answers a query while the page is rendered on the server. Pass what it resolves with to a client component and read
 * it there with `usePreloadedQuery`: the HTML holds the data, and the component stays live without asking again.
 *
 * The same query asked twice while one request is rendered runs once; what is asked in one tick is of one snapshot.
 * @throws {FunctionError} what the query failed with, told apart by `kind`.
 * @example const preloaded = await preloadQuery(api.messages.listByChannel, { channel });
 */
export async function preloadQuery<Query extends FunctionReference<"query", "public">>(
  query: Query,
  ...[args]: OptionalArgs<Query>
): Promise<Preloaded<Query>> {
  const { runtime, headers } = await runningServer("preloadQuery");
  const answers = answersOfRequest();
  const key = queryKey(query[functionPath], args);
  let answer = answers.get(key);
  if (!answer) {
    answer = runtime.preload(query[functionPath], args ?? {}, headers).then((outcome) => {
      if (outcome.ok) return outcome.value;
      throw toFunctionError(outcome.error);
    });
    answers.set(key, answer);
  }
  return await answer;
}

/** The value in an answer, for the server component that asked for it. */
export function preloadedQueryResult<Query extends FunctionReference<"query", "public">>(
  preloaded: Preloaded<Query>,
): FunctionReturnType<Query> {
  return fromWire(JSON.parse(preloaded.text)) as FunctionReturnType<Query>;
}

/** What was asked while this request is rendered; a new map each time where nothing is rendered. */
const answersOfRequest = cache(() => new Map<string, Promise<PreloadedAnswer>>());

/** After a write: what was asked before it must be asked again. */
export function forgetAnswers(): void {
  answersOfRequest().clear();
}
