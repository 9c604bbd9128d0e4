import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import type { Part } from "./run-parts.ts";

const module = new URL("./run-parts.ts", import.meta.url).href;

/** Stands for the program of a part. */
const part = (name: string, code: string): Part => ({ name, command: process.execPath, args: ["-e", code] });
const passes = part("second", 'console.log("the second runs")');
/** Says that it runs, and what it is told. Ends by itself when the process that could tell it something has ended. */
const waits = part(
  "first",
  `process.on("SIGTERM", () => { console.log("told to stop"); process.exit(0); });
   process.stdin.resume().on("end", () => process.exit(0));
   console.log("the first runs");`,
);

interface Running {
  child: ChildProcess;
  output: () => string;
  code: Promise<number | null>;
}

function run(...parts: Part[]): Running {
  const program = `
    const { runParts } = await import(${JSON.stringify(module)});
    process.exitCode = await runParts(${JSON.stringify(parts)});`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "pipe" });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return { child, output: () => output, code: once(child, "close").then(([code]) => code as number | null) };
}

test("both parts run and pass: the code is 0, and there is a line for each", async () => {
  const { code, output } = run(part("first", 'console.log("the first runs")'), passes);
  expect(await code).toBe(0);
  expect(output()).toMatch(
    /^the first runs\nthe second runs\n\nfirst {3}passed in \d+ s\nsecond {2}passed in \d+ s\n$/,
  );
});

test.each([
  ["fails", "process.exit(3)", 3, "failed with code 3"],
  ["is killed", 'process.kill(process.pid, "SIGKILL")', 137, "failed: SIGKILL ended it"],
])("the first part %s: the second runs all the same, and the code is bad", async (_, how, expected, said) => {
  const { code, output } = run(part("first", how), passes);
  expect(await code).toBe(expected);
  expect(output()).toMatch(new RegExp(`the second runs\n\nfirst {3}${said} after \\d+ s\nsecond {2}passed in`));
});

test("the last part fails, or cannot even be started: the code is bad", async () => {
  const failing = run(passes, part("last", "process.exit(1)"));
  expect(await failing.code).toBe(1);
  const missing = run(passes, { name: "last", command: "no-such-program", args: [] });
  expect(await missing.code).toBe(127);
  expect(missing.output()).toMatch(/last {4}failed: .*no-such-program/);
});

test("a signal ends the part that runs, in order, and what would come after it is not run", async () => {
  const { child, code, output } = run(waits, passes);
  await expect.poll(output).toContain("the first runs");
  child.kill("SIGTERM");
  expect(await code).toBe(143);
  expect(output()).toMatch(/told to stop\n\nfirst {3}passed in \d+ s\nsecond {2}was not run\n$/);
});
