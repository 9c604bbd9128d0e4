import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { patience } from "./tests/support/patience.ts";

export default defineConfig({
  // `@/…`, as the demo imports its own files.
  resolve: { tsconfigPaths: true },
  test: {
    include: ["{lib,convex,app,tests}/**/*.test.ts", "{lib,convex,app,tests}/**/*.test.tsx"],
    // Vitest leaves one core free, which would leave one of two; most tests wait for a database or another process.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: patience.test,
    hookTimeout: patience.test,
    teardownTimeout: patience.fact,
    expect: { poll: { timeout: patience.fact } },
  },
});
