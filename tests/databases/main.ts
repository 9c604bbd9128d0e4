/**
 * `pnpm test:databases`: the tests that concern a database, on every one that can be reached, and at the end a table of
 * what ran where; with more seeds of the fuzzer than `pnpm test` has time for. With REQUIRE_SERVICES=1 a missing server is a failure; without it, its tests are skipped.
 */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runParts } from "../support/run-parts.ts";
import { countByDatabase, type Report, tableOf } from "./table.ts";

const tests = [
  "lib/database",
  "lib/engine",
  "lib/functions/pagination",
  "lib/schema",
  "tests/databases",
  "tests/demo",
  "tests/faults/processes",
  "tests/fuzz",
  "tests/portable",
];

const folder = await mkdtemp(join(tmpdir(), "convex-lite-databases-"));
const outputFile = join(folder, "report.json");
const report = ["--reporter=default", "--reporter=json", `--outputFile.json=${outputFile}`];
const args = ["run", ...tests, ...report, ...process.argv.slice(2)];
process.exitCode = await runParts([{ name: "vitest run", command: "vitest", args, env: { THOROUGH: "1" } }]);
try {
  const results = JSON.parse(readFileSync(outputFile, "utf8")) as Report;
  console.log(`\n${tableOf(countByDatabase(results))}`);
} finally {
  await rm(folder, { recursive: true });
}
