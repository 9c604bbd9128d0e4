import { MAX_DEPTH } from "../values/wire.ts";

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

/** The only place where the server parses what a client sent. Depth is checked on the text, before any code recurses. */
export function parseMessageText(text: string): unknown {
  if (nestsDeeperThan(text, MAX_MESSAGE_DEPTH)) {
    throw new MessageDepthError(`The message is nested deeper than ${MAX_MESSAGE_DEPTH} levels.`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new MessageTextError("The message is not JSON.");
  }
}

function nestsDeeperThan(text: string, limit: number): boolean {
  // Each level takes two brackets. Most messages are too short to be too deep.
  if (text.length < 2 * limit) return false;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (inString) {
      if (unit === 92 /* \ */) i++;
      else if (unit === 34 /* " */) inString = false;
    } else if (unit === 34) inString = true;
    else if (unit === 91 /* [ */ || unit === 123 /* { */) {
      if (++depth > limit) return true;
    } else if (unit === 93 || unit === 125) depth--;
  }
  return false;
}
