/**
 * `pnpm test:databases`: the tests that concern a database, on every one that can be reached, and at the end a table of
 * what ran where; with more seeds of the fuzzer than `pnpm test` has time for. With REQUIRE_SERVICES=1 a missing server is a failure; without it, its tests are skipped.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countByDatabase, type Report, tableOf } from "./table.ts";

const tests = [
  "lib/database",
  "lib/engine",
  "lib/functions/paginate",
  "tests/databases",
  "tests/demo",
  "tests/faults/processes",
  "tests/fuzz",
  "tests/portable",
];

const folder = await mkdtemp(join(tmpdir(), "convex-lite-databases-"));
const outputFile = join(folder, "report.json");
const vitest = ["run", ...tests, "--reporter=default", "--reporter=json", `--outputFile.json=${outputFile}`];
const { status } = spawnSync("vitest", [...vitest, ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, THOROUGH: "1" },
});
try {
  const report = JSON.parse(readFileSync(outputFile, "utf8")) as Report;
  console.log(`\n${tableOf(countByDatabase(report))}`);
} finally {
  await rm(folder, { recursive: true });
}
process.exitCode = status ?? 1;
