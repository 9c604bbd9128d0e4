import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TemporaryProject } from "../../tests/support/temporary-project.ts";
import { commandLine } from "./command-line.ts";
import { commands } from "./commands.ts";

const npm = "npm/11.19.0 node/v24.21.0 linux x64";

/** What a command has printed, and its exit code. */
interface Outcome {
  stdout: string;
  stderr: string;
  code: number;
}

/** Runs a command in this process. */
async function convexLite(...args: string[]): Promise<Outcome> {
  const [stdout, stderr] = [vi.spyOn(console, "log"), vi.spyOn(console, "error")].map((spy) =>
    spy.mockImplementation(() => {}),
  );
  const printedBy = (spy: typeof stdout) => (spy?.mock.calls ?? []).map(([line]) => `${line}\n`).join("");
  try {
    const code = await commandLine(args);
    return { stdout: printedBy(stdout), stderr: printedBy(stderr), code };
  } finally {
    vi.restoreAllMocks();
  }
}

/** Runs a command in a process of its own, whose output goes into pipes, in an empty folder. */
async function convexLiteInPipes(args: string[], environment: Record<string, string> = {}): Promise<Outcome> {
  using project = new TemporaryProject();
  const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, TEST: ____, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], {
    cwd: project.root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...inherited, ...environment },
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { stdout, stderr, code };
}

beforeEach(() => void vi.stubEnv("npm_config_user_agent", npm));
afterEach(() => void vi.unstubAllEnvs());

describe("the help", () => {
  test("names every command, as the reader runs it", async () => {
    const { stdout, stderr, code } = await convexLite("--help");
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(stdout).toMatchSnapshot();
    for (const name of Object.keys(commands)) expect(stdout).toMatch(new RegExp(`^ +${name} `, "m"));
    vi.stubEnv("npm_config_user_agent", "pnpm/12.21.0 npm/? node/v24.21.0 linux x64");
    expect((await convexLite("--help")).stdout).toContain("USAGE pnpm convex-lite");
  });

  test.each(Object.keys(commands))("of %s names its flags, wherever --help stands", async (name) => {
    const { stdout, code } = await convexLite(name, "--help");
    expect(code).toBe(0);
    expect(stdout).toMatchSnapshot();
    for (const flag of Object.keys(commands[name]?.args ?? {})) expect(stdout.toLowerCase()).toContain(flag);
  });

  test("has colours on a terminal only", async () => {
    const sequence = "\u001b[";
    expect((await convexLiteInPipes(["--help"])).stdout).not.toContain(sequence);
    expect((await convexLiteInPipes(["--help"], { FORCE_COLOR: "1" })).stdout).toContain(sequence);
  });
});

test("--version prints the version alone", async () => {
  const alone = { stdout: "0.1.0\n", stderr: "", code: 0 };
  expect(await convexLite("--version")).toEqual(alone);
  expect(await convexLite("codegen", "--version")).toEqual(alone);
});

test.each([
  { args: ["codgen"], says: "There is no command codgen. Did you mean codegen?" },
  { args: ["deploy"], says: "There is no command deploy.\n" },
  { args: ["--check"], says: "There is no command --check." },
  { args: ["codegen", "--chek"], says: "There is no flag --chek. Did you mean --check?" },
  { args: ["codegen", "--check=yes"], says: "--check takes no value. Found: yes." },
  { args: ["dev", "build"], says: "Expected no argument. Found: build." },
  { args: ["dev", "--check"], says: "There is no flag --check." },
  { args: ["dev", "--accept"], says: "--accept needs a value: --accept CODE." },
  { args: ["dev", "--accept", "--help-me"], says: "--accept needs a value: --accept CODE." },
])("wrong use ends with 2 and says what was expected: $args", async ({ args, says }) => {
  const { stdout, stderr, code } = await convexLite(...args);
  expect({ stdout, code }).toEqual({ stdout: "", code: 2 });
  expect(stderr).toContain(says);
  expect(stderr).toContain("`npx convex-lite --help` lists the commands.");
});

test("without a command the help is on stderr, and the code is 2", async () => {
  const { stdout, stderr, code } = await convexLiteInPipes([]);
  expect({ stdout, code }).toEqual({ stdout: "", code: 2 });
  expect(stderr).toContain("USAGE npx convex-lite");
});

test("a command that fails ends with 1 and says why, without a stack", async () => {
  const { stdout, stderr, code } = await convexLiteInPipes(["codegen"]);
  expect({ stdout, code }).toEqual({ stdout: "", code: 1 });
  expect(stderr).toMatch(/^Expected your functions in .*convex/);
  expect(stderr).not.toContain("    at ");
});
