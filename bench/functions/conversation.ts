import { toWire } from "../../lib/values/wire.ts";

/** What `messages:send` takes. */
export interface Message {
  channel: string;
  author: string;
  text: string;
}

/** Rows are numbered from here on, so that their numbers have as many digits in a short result as in a long one. */
export const FIRST_ID = 100_001;
export const ROW_BYTES = 120;
const AUTHOR = "Ada";

/**
 * A message whose row is `ROW_BYTES` long in the result that subscribers get.
 * @param marker Begins its text, so that a reader can tell that it arrived.
 */
export function messageIn(channel: string, marker = ""): Message {
  const spare = ROW_BYTES - rowBytes({ channel, author: AUTHOR, text: "" });
  return { channel, author: AUTHOR, text: marker.padEnd(spare, "x").slice(0, spare) };
}

function rowBytes(message: Message): number {
  return JSON.stringify(toWire({ id: FIRST_ID, ...message, createdAt: new Date() })).length;
}
