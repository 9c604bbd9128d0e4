import type { QueryKey } from "../../functions/query-key.ts";
import type { FunctionError } from "../../protocol/function-error.ts";
import type { Transition } from "../../protocol/server-message.ts";
import type { ListHash } from "../../values/list-hash.ts";
import { share } from "../../values/share.ts";
import { freezeInDevelopment } from "./freeze.ts";
import type { Failed, Good, Loading, Result, Skipped } from "./query-result.ts";

/** What the server has answered to one question. Its `result` is one object until the answer is another. */
export interface Answer {
  readonly result: Good<unknown> | Failed<unknown, unknown>;
  /** Of the last good value, which `result.data` holds; undefined while there was none, and once a patch did not fit. */
  hash: string | undefined;
  /** The list in that value, for the next patch. Set once it has been patched. */
  readonly list?: ListHash;
}

/** An answer and the commit it is known to be valid at; `at` is compared within one epoch only. */
export interface DatedAnswer {
  readonly answer: Answer;
  readonly epoch: string;
  readonly at: Transition["at"];
}

/** What the server rendered for one question, read. */
export interface RenderedAnswer extends DatedAnswer {
  readonly key: QueryKey;
  /** A fingerprint of whom it was rendered for; null for nobody. */
  readonly identity: string | null;
}

export const LOADING: Loading = Object.freeze({ data: undefined, isLoading: true, error: undefined });
export const SKIPPED: Skipped = Object.freeze({ data: undefined, isLoading: false, error: undefined });

/**
 * What is shown of an answer: the same object as one that is known to hold the same.
 * @param error What failed; `data` is then the last good one.
 */
export function settled(
  data: unknown,
  error: FunctionError | undefined,
  ...known: readonly (Result<unknown> | undefined)[]
): Answer["result"] {
  const same = known.find((result) => result && Object.is(result.data, data) && result.error === error);
  return (same ?? { data, isLoading: false, error }) as Answer["result"];
}

/** A value the server sent. What did not change since `previous` keeps its identity. */
export function goodAnswer(previous: Answer | undefined, value: unknown, hash: string): Answer {
  const data = freezeInDevelopment(share(previous?.result.data, value));
  return { result: settled(data, undefined, previous?.result), hash };
}

/** An error the server sent. The last good value stays beside it. */
export function failedAnswer(previous: Answer | undefined, error: FunctionError): Answer {
  return { hash: undefined, ...previous, result: settled(previous?.result.data, error) };
}

/** The server says that the value we have is right: an error that stood beside it is over. */
export function confirmedAnswer(held: Answer): Answer {
  return held.result.error ? { ...held, result: settled(held.result.data, undefined) } : held;
}

/** Is `mine` known to be valid later than `theirs`? Across epochs nothing is. */
export function isNewer(mine: DatedAnswer, theirs: Pick<DatedAnswer, "epoch" | "at">): boolean {
  return mine.epoch === theirs.epoch && mine.at > theirs.at;
}
