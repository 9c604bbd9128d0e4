/** The longest wait between two attempts while the page is visible, and while it is hidden. Milliseconds. */
export const VISIBLE_CAP = 8_000;
export const HIDDEN_CAP = 30_000;
/** How long a client must have been synced before it may come back at once again. Milliseconds. */
export const PROVEN_AFTER = 10_000;

const FIRST = 500;

/**
 * How long to wait before the next attempt, in whole milliseconds. Full jitter: anything from nothing to a bound that
 * doubles with each failure, so that clients which lost one server together do not come back together.
 * @param failed How many attempts had failed in a row before this one.
 * @param jitter A random number in [0, 1).
 */
export function backoff(failed: number, jitter: number, cap: number): number {
  return Math.floor(jitter * Math.min(cap, FIRST * 2 ** failed));
}
