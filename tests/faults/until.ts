import { setTimeout } from "node:timers/promises";
import { patience } from "../support/patience.ts";

/** Resolves as soon as the condition holds. @throws with the text of `why` when it does not hold in time. */
export async function until(isSo: () => boolean, why = () => ""): Promise<void> {
  const givenUp = performance.now() + patience.fact;
  while (!isSo()) {
    if (performance.now() > givenUp) throw new Error(`It did not become so within ${patience.fact} ms. ${why()}`);
    await setTimeout(5);
  }
}
