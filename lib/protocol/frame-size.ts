import { BadRequestError } from "./function-error.ts";

/** The error if the arguments of a query that is kept live take more bytes than they may; otherwise undefined. */
export function tooLargeToKeep(path: string, bytes: number, queryArgsBytes: number): BadRequestError | undefined {
  if (!(bytes > queryArgsBytes)) return undefined;
  return new BadRequestError(
    `The arguments of ${path} take ${bytes} bytes; those of a live query may take ${queryArgsBytes} (limits.queryArgsBytes).` +
      (process.env.NODE_ENV !== "production" ? " Pass less, such as an id, or raise the limit in server.ts." : ""),
  );
}

/** The error if a message with this text, and 200 bytes beside it, is larger than a frame may be; otherwise undefined. */
export function tooLarge(path: string, text: string, frameBytes: number): BadRequestError | undefined {
  if (bytesOf(text) <= frameBytes - 200) return undefined;
  return new BadRequestError(`The arguments of ${path} are too large: the server takes ${frameBytes} bytes.`);
}

export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
