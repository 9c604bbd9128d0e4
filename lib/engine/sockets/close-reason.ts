import { shortText } from "../run/short-text.ts";

/** RFC 6455 §5.5.1 leaves 123 bytes for the reason of a close. */
const MAX_REASON_BYTES = 123;

/** A reason that fits a close. It may hold what the client sent, as long as a message. */
export function closeReason(reason: string): string {
  return shortText(reason, MAX_REASON_BYTES, "");
}
