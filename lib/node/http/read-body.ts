import type { IncomingMessage } from "node:http";

/** A request's body is larger than we read. */
export class BodyTooLargeError extends Error {
  override name = "BodyTooLargeError";
}

/**
 * The whole body as text.
 * @param limit Bytes. Not one more is kept in memory.
 * @throws {BodyTooLargeError} as soon as it is known to be larger; the rest is not read.
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
