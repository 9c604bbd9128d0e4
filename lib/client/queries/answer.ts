import type { QueryKey } from "../../functions/query-key.ts";
import type { FunctionError } from "../../protocol/function-error.ts";
import type { Transition } from "../../protocol/server-message.ts";
import { share } from "../../values/share.ts";
import { freezeInDevelopment } from "./freeze.ts";
import type { Failed, Good, Loading, Result, Skipped } from "./query-result.ts";

/** What is kept of a list for the check of the next patch. */
export interface ListRecord {
  /** Where the list is: see `ListResult`. */
  readonly key: string | undefined;
  /** The fingerprints of the rows' wire texts. */
  readonly rows: readonly number[];
  /** The fingerprint of the value's wire text without the rows. */
  readonly around: number;
}

/** The server's answer to one query. Its `result` is the same object until the answer is another. */
export interface Answer {
  readonly result: Good<unknown> | Failed<unknown, unknown>;
  /**
   * The token of the last good value, which is `result.data`. Undefined before the first one, and after a patch that did
   * not fit.
   */
  token: string | undefined;
  /** The list in that value, for the next patch. Set by the first patch. */
  readonly list?: ListRecord;
}

/** An answer, and the revision that it is valid at. Revisions are compared within one epoch only. */
export interface DatedAnswer {
  readonly answer: Answer;
  readonly epoch: string;
  readonly at: Transition["at"];
}

/** The server's render of one query, decoded. */
export interface RenderedAnswer extends DatedAnswer {
  readonly key: QueryKey;
  /** A fingerprint of the identity that it was rendered for; null for an anonymous caller. */
  readonly identity: string | null;
}

export const LOADING: Loading = Object.freeze({ data: undefined, isLoading: true, error: undefined });
export const SKIPPED: Skipped = Object.freeze({ data: undefined, isLoading: false, error: undefined });

/**
 * The result of an answer.
 * @param error The error that it failed with; `data` is the last good value then.
 * @param known Earlier results: one that equals the new result is returned in its place.
 */
export function settled(
  data: unknown,
  error: FunctionError | undefined,
  ...known: readonly (Result<unknown> | undefined)[]
): Answer["result"] {
  const same = known.find((result) => Object.is(result?.data, data) && result?.error === error);
  return (same ?? { data, isLoading: false, error }) as Answer["result"];
}

/** The answer with a value that the server sent. Parts that equal those of `previous` keep their identity. */
export function goodAnswer(previous: Answer | undefined, value: unknown, token: string): Answer {
  const data = freezeInDevelopment(share(previous?.result.data, value));
  return { result: settled(data, undefined, previous?.result), token };
}

/** The answer with an error that the server sent, beside the last good value. */
export function failedAnswer(previous: Answer | undefined, error: FunctionError): Answer {
  return { token: undefined, ...previous, result: settled(previous?.result.data, error) };
}

/** The server has confirmed the value of the answer: an error beside it is over. */
export function confirmedAnswer(held: Answer): Answer {
  return held.result.error ? { ...held, result: settled(held.result.data, undefined) } : held;
}

/** Is `mine` valid at a later revision than `theirs`? Never across epochs. */
export function isNewer(mine: DatedAnswer, theirs: Pick<DatedAnswer, "epoch" | "at">): boolean {
  return mine.epoch === theirs.epoch && mine.at > theirs.at;
}
