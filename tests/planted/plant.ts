import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { PlantedBug } from "./bugs.ts";
import { type Edit, edited } from "./edit.ts";

const ROOT = join(import.meta.dirname, "../..");
const COPIED = [
  "lib",
  "tests/fuzz",
  "tests/simulation",
  "tests/support",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
];

/** How a test ended in a copy of the project with the bug in it. */
export interface Outcome {
  isCaught: boolean;
  output: string;
}

/**
 * Plants the bug in a copy of the project and runs the test that must fail.
 * @param signal Aborts the test.
 * @throws when an edit does not fit exactly once.
 */
export async function plant(bug: PlantedBug, signal: AbortSignal): Promise<Outcome> {
  const copy = await mkdtemp(join(tmpdir(), "convex-lite-planted-"));
  try {
    for (const path of COPIED) {
      await mkdir(dirname(join(copy, path)), { recursive: true });
      await cp(join(ROOT, path), join(copy, path), { recursive: true });
    }
    await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
    for (const edit of bug.edits) await apply(copy, edit);
    return await runIn(copy, bug, signal);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function apply(copy: string, edit: Edit): Promise<void> {
  const path = join(copy, edit.file);
  await writeFile(path, edited(await readFile(path, "utf8"), edit));
}

/** Only a test that says what is wrong has caught it: a bug that keeps the test from running proves nothing. */
async function runIn(copy: string, { caughtBy }: PlantedBug, signal: AbortSignal): Promise<Outcome> {
  if ("seeds" in caughtBy) {
    const { seeds, change } = caughtBy;
    const output = await run(
      copy,
      ["tests/simulation/run-seeds.ts", "1", String(seeds), change ? "change" : "stay"],
      signal,
    );
    return { isCaught: /simulation.*: seed \d+ fails/.test(output) && !output.includes("It threw"), output };
  }
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const named = caughtBy.test ? ["-t", caughtBy.test] : [];
  const output = await run(copy, [vitest, "run", caughtBy.file, ...named, "--reporter=dot"], signal);
  return { isCaught: output.includes("AssertionError"), output };
}

function run(cwd: string, args: string[], signal: AbortSignal): Promise<string> {
  const child = spawn(process.execPath, args, { cwd, signal, env: { ...process.env, NO_COLOR: "1" } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data: Buffer) => {
      output += data.toString();
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve(output));
  });
}
