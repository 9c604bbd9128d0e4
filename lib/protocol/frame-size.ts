import { BadRequestError } from "./function-error.ts";

/** Room for what a message holds beside its parts. */
const ENVELOPE = 200;

/** Why a message with this text in it cannot be sent; undefined when it fits into a frame of so many bytes. */
export function tooLarge(path: string, text: string, frameBytes: number): BadRequestError | undefined {
  if (new TextEncoder().encode(text).length <= frameBytes - ENVELOPE) return undefined;
  return new BadRequestError(`The arguments of ${path} are too large: the server takes ${frameBytes} bytes.`);
}
