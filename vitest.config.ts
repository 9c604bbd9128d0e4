import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // `@/…`, as the demo imports its own files.
  resolve: { tsconfigPaths: true },
  test: {
    include: ["{lib,convex,app,tests}/**/*.test.ts", "{lib,convex,app,tests}/**/*.test.tsx"],
    // Vitest leaves one core free, which would leave one of two; most tests wait for a database or another process.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
