import { MAX_DEPTH } from "../values/value-limits.ts";

/** Text that is not a message. */
export class MessageTextError extends Error {
  override name = "MessageTextError";
}

/** Text that is nested too deeply to be parsed. */
export class MessageDepthError extends MessageTextError {
  override name = "MessageDepthError";
}

/** By how many levels a message is deeper than the arguments or the value in it. */
const ENVELOPE_DEPTH = 8;
/** The most brackets that one level of a value takes: an object that owns the key `$t`, `{"$t":["object",[[key, …]]]}`. */
const BRACKETS = 4;
const MAX_MESSAGE_DEPTH = BRACKETS * MAX_DEPTH + ENVELOPE_DEPTH;

/** What an opening bracket outside of strings weighs, beside its character: the memory of a list or an object. */
const LIST_WEIGHT = 64;
/** What a comma or a colon outside of strings weighs: the memory of a part of one. */
const PART_WEIGHT = 16;

/** A message of a client, and what it costs to keep and to handle. */
export interface ParsedText {
  readonly value: unknown;
  /** The length of the text, 64 for each list or object, 16 for each comma and colon: about the bytes that `value` takes. */
  readonly weight: number;
}

/** The only place where the server parses what a client sent. Depth is checked on the text, before any code recurses. */
export function parseMessageText(text: string): ParsedText {
  const weight = weigh(text, MAX_MESSAGE_DEPTH);
  if (weight === undefined) {
    throw new MessageDepthError(`The message is nested deeper than ${MAX_MESSAGE_DEPTH} levels.`);
  }
  try {
    return { value: JSON.parse(text), weight };
  } catch {
    throw new MessageTextError("The message is not JSON.");
  }
}

/** @returns undefined when the text is nested deeper than the limit. */
function weigh(text: string, limit: number): number | undefined {
  // Each level takes two brackets. Most messages are too short to be too deep, or to weigh much.
  if (text.length < 2 * limit) return text.length;
  let depth = 0;
  let lists = 0;
  let parts = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 34 /* " */) i = endOfString(text, i);
    else if (unit === 91 /* [ */ || unit === 123 /* { */) {
      if (++depth > limit) return undefined;
      lists++;
    } else if (unit === 93 /* ] */ || unit === 125 /* } */) depth--;
    else if (unit === 44 /* , */ || unit === 58 /* : */) parts++;
  }
  return text.length + LIST_WEIGHT * lists + PART_WEIGHT * parts;
}

/** @param start Of a string, at its quote. @returns where its last quote is, or the end of a text in which it does not end. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 92 /* \ */) backslashes++;
    if (backslashes % 2 === 0) return quote;
  }
  return text.length;
}
