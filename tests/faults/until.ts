import { setTimeout } from "node:timers/promises";
import { patience } from "../support/patience.ts";

/** Resolves as soon as it is so. @throws what `why` says, when it does not become so. */
export async function until(isSo: () => boolean, why = () => ""): Promise<void> {
  const givenUp = performance.now() + patience.fact;
  while (!isSo()) {
    if (performance.now() > givenUp) throw new Error(`It did not become so within ${patience.fact} ms. ${why()}`);
    await setTimeout(5);
  }
}
