import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { patience } from "./tests/support/patience.ts";
import { SlowFirst } from "./tests/support/slow-first.ts";

/** Tests that leave nothing behind in their process, so that files can share one and load the modules once. */
const sharing = "lib/{auth,client,invalidation,nextjs,protocol,react,values}/**/*.test.ts";

export default defineConfig({
  // `@/…`, as the demo imports its own files.
  resolve: { tsconfigPaths: true },
  test: {
    // `vitest --project "framework*"` knows nothing of the application in this repository.
    projects: [
      {
        extends: true,
        test: { name: "framework", include: ["{lib,tests}/**/*.test.ts"], exclude: [sharing, "tests/demo/**"] },
      },
      { extends: true, test: { name: "framework, shared process", include: [sharing], isolate: false } },
      { extends: true, test: { name: "template", include: ["{convex,app,tests/demo}/**/*.test.ts"] } },
    ],
    sequence: { sequencer: SlowFirst },
    // More than there are cores: most tests wait for a database or another process.
    maxWorkers: Math.max(3, availableParallelism()),
    // An embedded database is WebAssembly. Most live for a second, which is too short for the optimising compiler to pay.
    execArgv: ["--no-wasm-tier-up"],
    testTimeout: patience.test,
    hookTimeout: patience.test,
    teardownTimeout: patience.fact,
    expect: { poll: { timeout: patience.fact } },
  },
});
