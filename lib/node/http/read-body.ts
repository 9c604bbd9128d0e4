import type { IncomingMessage } from "node:http";

/** A request's body is larger than the limit. */
export class BodyTooLargeError extends Error {
  override name = "BodyTooLargeError";
}

/**
 * Reads the whole body of a request as text.
 * @param limit Bytes. No more than these are kept in memory.
 * @throws {BodyTooLargeError} as soon as the body is known to be larger; the rest is not read.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > limit) throw tooLarge(limit);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function tooLarge(limit: number): BodyTooLargeError {
  return new BodyTooLargeError(`Expected at most ${limit} bytes. Found more.`);
}
