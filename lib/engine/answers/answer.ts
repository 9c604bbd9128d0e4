import type { WireError } from "../../protocol/outcome.ts";

/** What a finished run answered, serialised once for everybody. */
export type Answer = ValueAnswer | ErrorAnswer;

/** An answer as it stands in a Transition: whole, or as a patch. One object for everybody who is told the same. */
export interface EncodedAnswer {
  readonly text: string;
}

export interface ValueAnswer extends EncodedAnswer {
  readonly ok: true;
  /** The value's wire text: the same for sockets and preloaded pages. */
  readonly valueText: string;
  readonly hash: string;
  /** What to tell a client that has the value of this hash instead of the whole: shorter, if there is anything such. */
  since(hash: string): EncodedAnswer | undefined;
}

export interface ErrorAnswer extends EncodedAnswer {
  readonly ok: false;
  readonly error: WireError;
  /** The function is not to blame: the database did not answer, or not in time. The next run may do better. */
  readonly isRetryable: boolean;
}
