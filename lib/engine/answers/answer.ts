import type { WireError } from "../../protocol/outcome.ts";

/** What a finished run answered, serialised once for all clients. */
export type Answer = ValueAnswer | ErrorAnswer;

/** An answer as it stands in a Transition: whole, or as a patch. One object for all clients that are sent the same. */
export interface EncodedAnswer {
  readonly text: string;
  /** Set if it is a patch. */
  readonly isPatch?: true;
}

/** How much of the server's memory an answer takes is counted by its length as text. */
interface Sized {
  /** In UTF-16 units, of which most take one byte. */
  readonly size: number;
}

export interface ValueAnswer extends EncodedAnswer, Sized {
  readonly ok: true;
  /** The value's wire text: the same for sockets and preloaded pages. */
  readonly valueText: string;
  /** Tells this value from any other: see `AnswerTokens`. */
  readonly token: string;
  /** A patch for a client that has the value of this token; undefined when there is none shorter than the whole. */
  since(token: string): EncodedAnswer | undefined;
}

export interface ErrorAnswer extends EncodedAnswer, Sized {
  readonly ok: false;
  readonly error: WireError;
  /** The database did not answer, or not in time: another run may succeed. */
  readonly isRetryable: boolean;
}
