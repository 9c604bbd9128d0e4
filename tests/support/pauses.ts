import type { HandClock } from "../../lib/testing/hand-clock.ts";

/** Lets the pauses of at most `ms` milliseconds pass until `isSo`. Longer ones, such as time limits, do not end. */
export async function pausesPass(clock: HandClock, ms: number, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await turn();
    if (clock.nextDue !== undefined && clock.nextDue <= ms) clock.advance(clock.nextDue);
  }
}

/** Waits for a promise while the pauses of at most `ms` milliseconds pass. */
export async function patiently<T>(clock: HandClock, ms: number, awaited: Promise<T>): Promise<T> {
  let isOver = false;
  const over = awaited.finally(() => {
    isOver = true;
  });
  await pausesPass(clock, ms, () => isOver);
  return over;
}

/** Lets everything that runs have its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
