/** Longest wait between two attempts while somebody looks at the page, and while nobody does. Milliseconds. */
export const VISIBLE_CAP = 8_000;
export const HIDDEN_CAP = 30_000;

const FIRST = 500;

/**
 * How long to wait before attempt number `attempt` + 1, in whole milliseconds. Full jitter: anything from nothing to twice
 * the bound of the attempt before, so that clients which lost one server together do not come back together.
 * @param attempt How many have failed in a row, from 1.
 * @param jitter A random number in [0, 1).
 */
export function backoff(attempt: number, jitter: number, cap: number): number {
  return Math.floor(jitter * Math.min(cap, FIRST * 2 ** (attempt - 1)));
}
