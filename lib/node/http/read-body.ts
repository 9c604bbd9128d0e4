import type { IncomingMessage } from "node:http";
import type { Environment } from "../../environment/environment.ts";

/** A request's body is larger than the limit. */
export class BodyTooLargeError extends Error {
  override name = "BodyTooLargeError";
}

/** A request's body was not there in time. */
export class BodyTooSlowError extends Error {
  override name = "BodyTooSlowError";
}

/** The client has left before its whole body was there. */
export class BodyLostError extends Error {
  override name = "BodyLostError";
}

/** How much is read of a body, and for how long. */
export interface BodyLimits {
  /** No more bytes than these are kept in memory. */
  readonly bytes: number;
  /** Milliseconds until the whole body has to be there. */
  readonly ms: number;
}

/**
 * Reads the whole body of a request as text.
 * @throws {BodyTooLargeError} as soon as the body is known to be larger; the rest is not read.
 * @throws {BodyTooSlowError} when it is not there in time; the rest is not read.
 * @throws {BodyLostError} when the client has left.
 */
export async function readBody(
  request: IncomingMessage,
  { bytes: most, ms }: BodyLimits,
  clock: Pick<Environment, "after">,
): Promise<string> {
  if (Number(request.headers["content-length"] ?? 0) > most) throw tooLarge(most);
  const whole = Promise.withResolvers<void>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const read = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > most) whole.reject(tooLarge(most));
    else chunks.push(chunk);
  };
  const lost = () => whole.reject(new BodyLostError("The client has left."));
  const cancel = clock.after(ms, () =>
    whole.reject(new BodyTooSlowError(`Expected the whole body within ${ms} ms. Found ${bytes} bytes.`)),
  );
  request.on("data", read).once("end", whole.resolve).once("error", lost).once("close", lost);
  try {
    await whole.promise;
    return Buffer.concat(chunks).toString("utf8");
  } finally {
    cancel();
    request.off("data", read).off("end", whole.resolve).off("close", lost).pause();
  }
}

function tooLarge(limit: number): BodyTooLargeError {
  return new BodyTooLargeError(`Expected at most ${limit} bytes. Found more.`);
}
