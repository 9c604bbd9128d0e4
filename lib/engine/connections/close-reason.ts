/** RFC 6455 §5.5.1 leaves 123 bytes for the reason of a close, and a character of it takes at most three. */
const MAX_REASON_BYTES = 123;

/** A reason that fits a close. */
export function closeReason(reason: string): string {
  // It may hold what the client sent, as long as a message: cut first, count after.
  let short = reason.slice(0, MAX_REASON_BYTES);
  while (Buffer.byteLength(short) > MAX_REASON_BYTES) short = short.slice(0, -1);
  return short;
}
