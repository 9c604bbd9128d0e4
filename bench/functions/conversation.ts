import { toWire } from "../../lib/values/wire.ts";

/** The arguments of `messages:send`. */
export interface Message {
  channel: string;
  author: string;
  text: string;
}

/** The first id of a row: so large that ids have the same number of digits in short and long results. */
export const FIRST_ID = 100_001;
export const ROW_BYTES = 120;
const AUTHOR = "Ada";

/**
 * A message whose row has `ROW_BYTES` bytes in the result of the query.
 * @param marker The beginning of its text, by which a subscriber recognises it.
 */
export function messageIn(channel: string, marker = ""): Message {
  const spare = ROW_BYTES - rowBytes({ channel, author: AUTHOR, text: "" });
  return { channel, author: AUTHOR, text: marker.padEnd(spare, "x").slice(0, spare) };
}

function rowBytes(message: Message): number {
  return JSON.stringify(toWire({ id: FIRST_ID, ...message, createdAt: new Date() })).length;
}
