import { defineConfig } from "@playwright/test";
import { findChromium } from "./tests/browser/find-chromium.ts";

const chromium = await findChromium();

export default defineConfig({
  testDir: "tests/browser",
  // One application at a time: the machine this must run on has two cores.
  workers: 1,
  fullyParallel: false,
  forbidOnly: process.env.CI !== undefined,
  timeout: 60_000,
  // A shared machine may stall for seconds; what fails twice is broken.
  retries: process.env.CI ? 1 : 0,
  reporter: process.env.CI ? [["list"]] : [["line"]],
  use: {
    launchOptions: { executablePath: chromium.executablePath, args: chromium.args },
    trace: "retain-on-failure",
  },
});
