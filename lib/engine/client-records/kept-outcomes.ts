import { encodeFailure, isSuccess } from "../../protocol/encode.ts";

/** The outcomes of a client's mutations by number, the oldest first: `{"ok":true,"value":…}` as text. */
export type Outcomes = ReadonlyMap<number, string>;

/** How many outcomes are kept for a client that asks again, and how many bytes they may take: one, and all together. */
export const KEPT_OUTCOMES = { count: 64, bytesOfOne: 64 * 1024, bytes: 256 * 1024 };

/**
 * The outcomes to keep after one more: a client's record is rewritten with each of its mutations, and what the client says
 * that it has confirmed bounds nothing. The oldest are dropped; the largest only say whether the mutation was done.
 * @param confirmedUpTo The client has all outcomes up to this number.
 */
export function withOutcome(before: Outcomes, number: number, outcome: string, confirmedUpTo: number): Outcomes {
  const unconfirmed = [...before].filter(([earlier]) => earlier > confirmedUpTo);
  const outcomes = new Map(unconfirmed.slice(-(KEPT_OUTCOMES.count - 1))).set(number, outcome);
  return areSmall(outcomes) ? outcomes : withoutLargest(outcomes);
}

/** Do they certainly take few bytes? A UTF-16 unit takes at most three. */
function areSmall(outcomes: Outcomes): boolean {
  let length = 0;
  for (const outcome of outcomes.values()) length += outcome.length;
  return length * 3 <= KEPT_OUTCOMES.bytesOfOne;
}

function withoutLargest(outcomes: Map<number, string>): Outcomes {
  const sizes = [...outcomes].map(([number, outcome]) => ({ number, outcome, bytes: Buffer.byteLength(outcome) }));
  let bytes = sizes.reduce((sum, size) => sum + size.bytes, 0);
  for (const largest of sizes.sort((a, b) => b.bytes - a.bytes)) {
    if (bytes <= KEPT_OUTCOMES.bytes && largest.bytes <= KEPT_OUTCOMES.bytesOfOne) break;
    const short = isSuccess(largest.outcome) ? DONE : FAILED;
    outcomes.set(largest.number, short);
    bytes += short.length - largest.bytes;
  }
  return outcomes;
}

const DONE = encodeFailure({
  kind: "unavailable",
  reason: "outcomeUnknown",
  message: "The mutation was done; its result is no longer known.",
});
const FAILED = encodeFailure({
  kind: "unavailable",
  reason: "overloaded",
  message: "The mutation failed and nothing was written; why is no longer known.",
});
