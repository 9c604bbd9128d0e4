import { defineConfig } from "vitest/config";
import { patience } from "../support/patience.ts";

/** `pnpm test:package`: the package as a project has it that installed its tarball. One scenario after the other. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.scenario.ts"],
    globalSetup: "./install.ts",
    fileParallelism: false,
    reporters: ["verbose"],
    testTimeout: patience.test,
    hookTimeout: patience.test,
    expect: { poll: { timeout: patience.fact } },
  },
});
