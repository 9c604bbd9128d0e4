import { defineConfig } from "vitest/config";

export default defineConfig({
  // `@/…`, as the demo imports its own files.
  resolve: { tsconfigPaths: true },
  test: {
    include: ["{lib,convex,app,tests}/**/*.test.ts", "{lib,convex,app,tests}/**/*.test.tsx"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
