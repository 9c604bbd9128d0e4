import { BadRequestError } from "./function-error.ts";

/** Bytes of a message beside the text in it. */
const ENVELOPE = 200;

/** The error if a message with this text is larger than a frame may be; otherwise undefined. */
export function tooLarge(path: string, text: string, frameBytes: number): BadRequestError | undefined {
  if (new TextEncoder().encode(text).length <= frameBytes - ENVELOPE) return undefined;
  return new BadRequestError(`The arguments of ${path} are too large: the server takes ${frameBytes} bytes.`);
}
