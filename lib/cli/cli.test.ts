import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { TemporaryProject } from "../node/temporary-project.ts";

const main = join(import.meta.dirname, "main.ts");

/** A started `convex-lite`, and what it and its server have printed so far. */
interface Started {
  process: ChildProcess;
  output: () => string;
  /** The process ids that servers have printed. */
  servers: () => number[];
  exit: Promise<number | null>;
}

const started: Started[] = [];
afterEach(() => {
  for (const { process: child, servers } of started.splice(0)) {
    child.kill("SIGKILL");
    for (const pid of servers()) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  }
});

function convexLite(project: TemporaryProject, ...args: string[]): Started {
  const child = spawn(process.execPath, [main, ...args], { cwd: project.root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout?.on("data", (chunk) => (output += chunk));
  child.stderr?.on("data", (chunk) => (output += chunk));
  const exit = once(child, "close").then(([code]) => code as number | null);
  const one = {
    process: child,
    output: () => output,
    servers: () => [...output.matchAll(/server (\d+) /g)].map((match) => Number(match[1])),
    exit,
  };
  started.push(one);
  return one;
}

/** A process that has ended, and that nobody has asked about since, is still in the list of processes. */
function isAlive(pid: number): boolean {
  try {
    if (process.platform === "linux") return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Stands for the real one: says that it is ready, and ends when it is told to or left alone. */
const server = (version: string) => `
import { greeting } from "./own/greeting.ts";
process.send("ready");
process.on("SIGTERM", () => setTimeout(() => process.exit(0), 20));
process.on("disconnect", () => process.exit(0));
setInterval(() => {}, 1000);
console.log("server " + process.pid + " ${version} " + greeting + " " + process.env.NODE_ENV);
`;
const files = {
  "package.json": '{ "type": "module" }',
  "server.ts": server("one"),
  "own/greeting.ts": 'export const greeting = "hello";',
  "own/other.ts": "",
  "convex/messages.ts": "",
};

describe("dev", () => {
  test("runs server.ts, again after every change of what it is made of, and ends it at the end", async () => {
    using project = new TemporaryProject(files);
    const dev = convexLite(project, "dev");
    await expect.poll(dev.output).toMatch(/server \d+ one hello development/);
    project.replace("server.ts", server("two"));
    await expect.poll(dev.output).toMatch(/server\.ts changed: restarting[\s\S]*server \d+ two hello/);
    project.write("own/greeting.ts", 'export const greeting = "good day";');
    await expect.poll(dev.output).toMatch(/server \d+ two good day/);
    project.write(".env.local", "A=1");
    await expect.poll(dev.servers).toHaveLength(4);
    project.write("next.config.mjs", "export default {};");
    await expect.poll(dev.servers).toHaveLength(5);
    // None of these is the server's.
    for (const path of ["own/other.ts", "convex/messages.ts", "tsconfig.json"]) project.write(path, "{}");
    // What must not happen leaves no fact to wait for: several times as long as a change takes to be noticed.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(dev.servers()).toHaveLength(5);
    expect(dev.servers().filter(isAlive)).toEqual([dev.servers().at(-1)]);
    dev.process.kill("SIGTERM");
    expect(await dev.exit).toBe(0);
    expect(dev.servers().filter(isAlive)).toEqual([]);
  });

  test("a plan is accepted for the server that it starts, and for no later one", async () => {
    using project = new TemporaryProject(files);
    const told = `console.log("accepts [" + process.env.CONVEX_LITE_ACCEPT + "]");`;
    project.write("server.ts", `${server("one")}${told}`);
    const dev = convexLite(project, "dev", "--accept", "1a2b");
    await expect.poll(dev.output, { timeout: 10_000 }).toContain("accepts [1a2b]");
    project.write("server.ts", `${server("two")}${told}`);
    await expect.poll(dev.output, { timeout: 10_000 }).toContain("accepts []");
  });

  test("a server that outlives it by a kill -9 notices, and ends", async () => {
    using project = new TemporaryProject(files);
    const dev = convexLite(project, "dev");
    await expect.poll(dev.servers).toHaveLength(1);
    dev.process.kill("SIGKILL");
    await expect.poll(() => dev.servers().filter(isAlive)).toEqual([]);
  });

  test("a server that cannot start ends it with the same code; one that ends later is started after the next change", async () => {
    using failing = new TemporaryProject({ ...files, "server.ts": "process.exit(3);" });
    expect(await convexLite(failing, "dev").exit).toBe(3);

    const ending = `${server("one")}setTimeout(() => process.exit(4), 50);`;
    using project = new TemporaryProject({ ...files, "app/deep/page.tsx": "", "server.ts": ending });
    const dev = convexLite(project, "dev");
    await expect.poll(dev.output).toMatch(/the server ended \(code 4\); it starts again after the next change/);
    const edited = ["convex/messages.ts", "app/deep/page.tsx", "app/new.css", "tsconfig.json", "server.ts"];
    for (const [i, path] of edited.entries()) {
      const text = path === "server.ts" ? `${ending}// Saved again.` : "{}";
      project.write(path, text);
      await expect.poll(dev.servers).toHaveLength(i + 2);
      await expect.poll(() => dev.output().split("it starts again").length).toBe(i + 3);
    }
    // What nobody edits starts nothing.
    for (const path of ["next-env.d.ts", "app/server.log", ".next/page.js"]) project.write(path, "{}");
    // What must not happen leaves no fact to wait for: several times as long as a change takes to be noticed.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(dev.output().split("changed: restarting")).toHaveLength(edited.length + 1);
  });
});

describe("codegen", () => {
  test("--check tells an outdated file and changes nothing; without it the file is written", async () => {
    using project = new TemporaryProject(files);
    const check = convexLite(project, "codegen", "--check");
    expect(await check.exit).toBe(1);
    expect(check.output()).toContain("Run convex-lite codegen");
    expect(existsSync(project.path("convex/_generated"))).toBe(false);
    expect(await convexLite(project, "codegen").exit).toBe(0);
    expect(await convexLite(project, "codegen", "--check").exit).toBe(0);
  });

  test("a project without functions is told what to create", async () => {
    using project = new TemporaryProject({ "package.json": "{}" });
    const codegen = convexLite(project, "codegen");
    expect(await codegen.exit).toBe(1);
    expect(codegen.output()).toMatch(/Expected your functions in .*convex/);
  });
});

test("help is given when asked for, and a slip is told apart from it", async () => {
  using project = new TemporaryProject();
  const help = convexLite(project, "--help");
  expect(await help.exit).toBe(0);
  expect(help.output()).toMatch(/dev[\s\S]*build[\s\S]*codegen --check/);
  for (const args of [
    ["deploy"],
    ["codegen", "--chek"],
    ["dev", "build"],
    ["dev", "--check"],
    ["build", "--accept", "1"],
  ]) {
    const slip = convexLite(project, ...args);
    expect(await slip.exit).toBe(1);
    expect(slip.output()).toContain("--help");
    expect(slip.output()).not.toContain("    at ");
  }
});
