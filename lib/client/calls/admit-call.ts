import { encodeArguments } from "../../protocol/encode-arguments.ts";
import { tooLarge } from "../../protocol/frame-size.ts";
import { UnavailableError } from "../../protocol/function-error.ts";
import { MAX_PENDING } from "./call-limits.ts";
import type { WireArgs } from "./named-call.ts";

/**
 * The arguments of a new call in wire form, and how long they are as text: a copy, so that a change in place after the call does not reach them.
 * @param pending How many calls of the same type wait already.
 * @param frameBytes The largest frame that the server takes.
 * @throws {UnavailableError} when too many calls wait.
 * @throws {BadRequestError} when the arguments cannot travel, or do not fit into a frame.
 */
export function admittedArgs(
  path: string,
  args: Record<string, unknown> | undefined,
  pending: number,
  frameBytes: number,
): { args: WireArgs; bytes: number } {
  if (pending >= MAX_PENDING) throw new UnavailableError("notSent", `Not sent: ${path}. Too many calls wait.`);
  const text = JSON.stringify(encodeArguments(path, args));
  const error = tooLarge(path, text, frameBytes);
  if (error) throw error;
  return { args: JSON.parse(text), bytes: text.length };
}
