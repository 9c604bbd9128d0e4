import type { QueryKey } from "../functions/query-key.ts";
import type { Subscribe } from "../protocol/client-message.ts";
import type { Answer } from "./answer.ts";
import type { Question } from "./query-set.ts";
import { questionOf } from "./question.ts";

/** Room for what a message holds beside its parts. */
const ENVELOPE = 200;

/** Does this text fit into a frame of so many bytes? */
export function fitsFrame(text: string, frameBytes: number): boolean {
  const room = frameBytes - ENVELOPE;
  return text.length * 3 <= room || new TextEncoder().encode(text).length <= room;
}

/** Subscribes to as many of `questions` as fit into one frame, in order. Empty only if the first alone is too large. */
export function subscribeMessage(
  questions: readonly Question[],
  held: (key: QueryKey) => Answer | undefined,
  frameBytes: number,
): Subscribe {
  const queries: Subscribe["queries"] = [];
  let text = "";
  for (const { id, key } of questions) {
    const item = { query: id, ...questionOf(key), hash: held(key)?.hash };
    text += JSON.stringify(item);
    if (!fitsFrame(text, frameBytes)) break;
    queries.push(item);
  }
  return { type: "Subscribe", queries };
}
