import { relative, sep } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files that take longest, so that they begin first: one of them at the end would run while the other workers have
 * nothing to do. Vitest goes by the size of a file until it knows its time, and most of these are short and start
 * processes, or run thousands of schedules.
 */
export const slowFiles = [
  "tests/planted/planted.test.ts",
  "tests/faults/hoarding.test.ts",
  "tests/crowd/one-large-call.test.ts",
  "lib/database/pglite/pglite-driver.test.ts",
  "tests/simulation/simulation.test.ts",
  "tests/fuzz/fuzz.test.ts",
  "lib/schema/migrations/drizzle-kit-config.test.ts",
  "tests/portable/portable.test.ts",
  "tests/crowd/crowd.test.ts",
  "tests/bank/bank.test.ts",
  "tests/client-bundle.test.ts",
  "tests/documents/code-blocks.test.ts",
  "lib/engine/patches.test.ts",
  "lib/client/loaded-pages.test.ts",
  "tests/faults/processes.test.ts",
];

/** Vitest's own order, with the slow files before it. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return slowFirst(sorted, ({ moduleId }) => relative(this.ctx.config.root, moduleId).replaceAll(sep, "/"));
  }
}

/** @param pathOf From the root of the repository. */
export function slowFirst<T>(files: readonly T[], pathOf: (file: T) => string): T[] {
  const place = (file: T): number => {
    const found = slowFiles.indexOf(pathOf(file));
    return found < 0 ? slowFiles.length : found;
  };
  return files.toSorted((one, other) => place(one) - place(other));
}
