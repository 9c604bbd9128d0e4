import { setTimeout } from "node:timers/promises";

/** Resolves as soon as it is so. @throws what `why` says, when it has not become so in time. */
export async function until(isSo: () => boolean, within = 30_000, why = () => ""): Promise<void> {
  const tooLate = Date.now() + within;
  while (!isSo()) {
    if (Date.now() > tooLate) throw new Error(`It did not become so within ${within} ms. ${why()}`);
    await setTimeout(5);
  }
}
