import type { Frame } from "../protocol/socket.ts";
import type { Told } from "./live-query.ts";
import type { Changes } from "./subscriptions.ts";

/** Messages that are written around texts that exist already: serialised once, however many are told. */

/** A transition that says one thing to everybody who is told it: the same frame for all of them. */
export function sharedFrame(told: Told, position: number, shared: Map<Told, Frame>): Frame {
  let frame = shared.get(told);
  if (!frame) {
    frame = { text: `{"type":"Transition","at":${position},"answers":[${told.text}]}` };
    shared.set(told, frame);
  }
  return frame;
}

/** A transition for one client. Undefined when it would say nothing. */
export function transitionText(
  position: number,
  reflected: number[],
  { maps, refused, answers }: Changes,
): string | undefined {
  if (reflected.length + maps.length + refused.length + answers.size === 0) return undefined;
  let text = `{"type":"Transition","at":${position}`;
  if (reflected.length > 0) text += `,"reflected":${JSON.stringify(reflected)}`;
  if (maps.length > 0) text += `,"maps":${JSON.stringify(maps)}`;
  if (refused.length > 0) text += `,"refused":${JSON.stringify(refused)}`;
  if (answers.size > 0) text += `,"answers":[${[...answers.values()].map((told) => told.text).join(",")}]`;
  return `${text}}`;
}

const SUCCESS = '{"ok":true,"value":';
const FAILURE = '{"ok":false,"error":';

/** The reply to a mutation, from its recorded outcome. */
export function decidedText(request: number, outcome: string): string {
  const isSuccess = outcome.startsWith(SUCCESS);
  const rest = outcome.slice(isSuccess ? SUCCESS.length : FAILURE.length, -1);
  const [type, name] = isSuccess ? ["MutationSucceeded", "value"] : ["MutationFailed", "error"];
  return `{"type":"${type}","request":${request},"${name}":${rest}}`;
}

/** RFC 6455 §5.5.1 leaves 123 bytes for the reason of a close, and a character of it takes at most three. */
const MAX_REASON_BYTES = 123;

/** A reason that fits a close. */
export function closeReason(reason: string): string {
  // It may hold what the client sent, as long as a message: cut first, count after.
  let short = reason.slice(0, MAX_REASON_BYTES);
  while (Buffer.byteLength(short) > MAX_REASON_BYTES) short = short.slice(0, -1);
  return short;
}
