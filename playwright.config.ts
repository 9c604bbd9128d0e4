import { defineConfig } from "@playwright/test";
import { findChromium } from "./tests/browser/find-chromium.ts";
import { patience } from "./tests/support/patience.ts";

const chromium = await findChromium();

export default defineConfig({
  testDir: "tests/browser",
  // One application at a time: the machine this must run on has two cores.
  workers: 1,
  fullyParallel: false,
  forbidOnly: process.env.CI !== undefined,
  timeout: patience.test,
  expect: { timeout: patience.fact },
  reporter: process.env.CI ? [["list"]] : [["line"]],
  use: {
    actionTimeout: patience.fact,
    // The first visit waits until Next has compiled the page.
    navigationTimeout: patience.test,
    launchOptions: { executablePath: chromium.executablePath, args: chromium.args },
    trace: "retain-on-failure",
  },
});
