#!/usr/bin/env node
import { tooOldNode } from "./node-version.ts";

const refusal = tooOldNode(process.versions.node);
if (refusal) {
  console.error(refusal);
  process.exitCode = 1;
} else {
  // Not before: on an older Node some of what they import does not load.
  const { hideExperimentalWarnings } = await import("./terminal/experimental-warnings.ts");
  const { commandLine } = await import("./command-line.ts");
  hideExperimentalWarnings();
  process.exitCode = await commandLine(process.argv.slice(2));
}
