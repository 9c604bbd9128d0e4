import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { TemporaryProject } from "../../tests/support/temporary-project.ts";

const main = join(import.meta.dirname, "main.ts");

/** A running `convex-lite`, and what it and its server have printed so far. */
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
  // The servers of these tests do not listen, and the usual port may be in use.
  const env = existsSync(join(project.root, ".env.local")) ? process.env : { ...process.env, PORT: "0" };
  const child = spawn(process.execPath, [main, ...args], { cwd: project.root, stdio: ["ignore", "pipe", "pipe"], env });
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

/** On Linux a process that has ended stays in the list of processes, as a zombie, until its parent reads its status. */
function isAlive(pid: number): boolean {
  try {
    if (process.platform === "linux") return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Stands for the real server: reports that it is ready, and ends on SIGTERM or when its parent is gone. */
const server = (version: string) => `
import { readdirSync } from "node:fs";
import { greeting } from "./own/greeting.ts";
process.send("ready");
process.on("SIGTERM", () => setImmediate(() => process.exit(0)));
process.on("disconnect", () => process.exit(0));
setInterval(() => {}, 1000);
const settings = readdirSync(".").filter((name) => /^(\\.env|next\\.config)/.test(name));
console.log(["server", process.pid, "${version}", greeting, process.env.NODE_ENV, ...settings].join(" ") + ".");
`;
const files = {
  "package.json": '{ "type": "module" }',
  "server.ts": server("one"),
  "own/greeting.ts": 'export const greeting = "hello";',
  "own/other.ts": "",
  "convex/messages.ts": "",
};

describe("dev", () => {
  test("runs server.ts, restarts it after a change of its files, and stops it at the end", async () => {
    using project = new TemporaryProject(files);
    const dev = convexLite(project, "dev");
    await expect.poll(dev.output).toMatch(/server \d+ one hello development\./);
    project.replace("server.ts", server("two"));
    await expect.poll(dev.output).toMatch(/server\.ts changed: restarting[\s\S]*server \d+ two hello development\./);
    project.put("own/greeting.ts", 'export const greeting = "good day";');
    await expect.poll(dev.output).toMatch(/server \d+ two good day development\./);
    project.put(".env.local", "A=1");
    await expect.poll(dev.output).toMatch(/server \d+ two good day development \.env\.local\./);
    project.put("next.config.mjs", "export default {};");
    await expect.poll(dev.output).toMatch(/server \d+ two good day development \.env\.local next\.config\.mjs\./);
    project.put("drizzle.config.ts", "export default {};");
    await expect.poll(dev.output).toMatch(/drizzle\.config\.ts changed: restarting[\s\S]*server \d+ two good day/);
    // None of these is a file of the server. If one restarted it, the list of reasons below would be longer.
    for (const path of ["own/other.ts", "convex/messages.ts", "tsconfig.json"]) project.put(path, "{}");
    project.put("own/greeting.ts", 'export const greeting = "good night";');
    await expect.poll(dev.output).toMatch(/server \d+ two good night/);
    const reasons = [...dev.output().matchAll(/(\S+) changed: restarting/g)].map(([, path]) => path);
    expect(reasons).toEqual([
      "server.ts",
      "own/greeting.ts",
      ".env.local",
      "next.config.mjs",
      "drizzle.config.ts",
      "own/greeting.ts",
    ]);
    expect(dev.servers().filter(isAlive)).toEqual([dev.servers().at(-1)]);
    dev.process.kill("SIGTERM");
    expect(await dev.exit).toBe(0);
    expect(dev.servers().filter(isAlive)).toEqual([]);
  });

  test("a busy port is told before the server is loaded, with the process of this project that has it", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    using project = new TemporaryProject({ ...files, ".env.local": `PORT=${port}` });
    const first = convexLite(project, "dev");
    expect(await first.exit).toBe(1);
    expect(first.output()).toContain(`Port ${port} on 127.0.0.1 is in use. Stop what runs there`);
    project.write(`.convex/port-${port}.pid`, `${process.pid}\n`);
    const second = convexLite(project, "dev");
    expect(await second.exit).toBe(1);
    expect(second.output()).toContain(`another server of this project, process ${process.pid}.`);
    expect([...first.servers(), ...second.servers()]).toEqual([]);
    other.close();
  });

  test("runs server.mts, too, and server.ts as soon as there is one", async () => {
    using project = new TemporaryProject({ ...files, "server.mts": server("module") });
    project.delete("server.ts");
    const dev = convexLite(project, "dev");
    await expect.poll(dev.output).toMatch(/server \d+ module hello development\./);
    project.put("server.ts", server("one"));
    await expect.poll(dev.output).toMatch(/server\.ts changed: restarting[\s\S]*server \d+ one hello/);
  });

  test("--accept applies to the first server only", async () => {
    using project = new TemporaryProject(files);
    const print = `console.log("accepts [" + process.env.CONVEX_LITE_ACCEPT + "]");`;
    project.write("server.ts", `${server("one")}${print}`);
    const dev = convexLite(project, "dev", "--accept", "1a2b");
    await expect.poll(dev.output).toContain("accepts [1a2b]");
    project.put("server.ts", `${server("two")}${print}`);
    await expect.poll(dev.output).toContain("accepts []");
  });

  test("a server ends when `dev` is killed with SIGKILL", async () => {
    using project = new TemporaryProject(files);
    const dev = convexLite(project, "dev");
    await expect.poll(dev.servers).toHaveLength(1);
    dev.process.kill("SIGKILL");
    await expect.poll(() => dev.servers().filter(isAlive)).toEqual([]);
  });

  test("a server that cannot start ends `dev` with the same code; one that ends later is started after the next change", async () => {
    using failing = new TemporaryProject({ ...files, "server.ts": "process.exit(3);" });
    expect(await convexLite(failing, "dev").exit).toBe(3);

    const ending = `${server("one")}process.send("ready", () => process.exit(4));`;
    using project = new TemporaryProject({ ...files, "app/deep/page.tsx": "", "server.ts": ending });
    const dev = convexLite(project, "dev");
    await expect.poll(dev.output).toMatch(/the server ended \(code 4\); it starts again after the next change/);
    const edited = ["convex/messages.ts", "app/deep/page.tsx", "app/new.css", "tsconfig.json", "server.ts"];
    const edit = async (path: string) => {
      const before = dev.output().length;
      project.put(path, path === "server.ts" ? `${ending}// Saved again.` : "{}");
      await expect.poll(() => dev.output().slice(before)).toMatch(/changed: restarting[\s\S]*it starts again/);
    };
    for (const path of edited) await edit(path);
    // Files that tools write start nothing. If one did, the list of reasons below would be longer.
    for (const path of ["next-env.d.ts", "app/server.log", ".next/page.js"]) project.put(path, "{}");
    await edit("tsconfig.json");
    const reasons = [...dev.output().matchAll(/(\S+) changed: restarting/g)].map(([, path]) => path);
    expect(reasons).toEqual([...edited, "tsconfig.json"]);
  });
});

describe("start", () => {
  test("runs server.ts for production with the port and host that it is given, and passes signals on", async () => {
    using project = new TemporaryProject({
      ...files,
      "server.ts": `${server("one")}console.log("listens on", process.env.HOST, process.env.PORT);`,
    });
    const start = convexLite(project, "start", "--port", "4599", "--host", "127.0.0.1");
    await expect.poll(start.output).toMatch(/server \d+ one hello production\.\nlistens on 127\.0\.0\.1 4599\n/);
    start.process.kill("SIGTERM");
    expect(await start.exit).toBe(0);
    expect(start.servers().filter(isAlive)).toEqual([]);
  });

  test("ends with the code of the server, or with that of the signal that ended it", async () => {
    using failing = new TemporaryProject({ ...files, "server.ts": "process.exit(3);" });
    expect(await convexLite(failing, "start").exit).toBe(3);
    using killed = new TemporaryProject({ ...files, "server.ts": 'process.kill(process.pid, "SIGKILL");' });
    expect(await convexLite(killed, "start").exit).toBe(137);
  });

  test("a server ends when `start` is killed with SIGKILL", async () => {
    using project = new TemporaryProject(files);
    const start = convexLite(project, "start");
    await expect.poll(start.servers).toHaveLength(1);
    start.process.kill("SIGKILL");
    await expect.poll(() => start.servers().filter(isAlive)).toEqual([]);
  });

  test("runs server.mts, and says nothing of a package.json without a type", async () => {
    using project = new TemporaryProject({ "package.json": "{}", "server.mts": 'console.log("a module");' });
    const asModule = convexLite(project, "start");
    expect(await asModule.exit).toBe(0);
    expect(asModule.output()).toBe("a module\n");
    project.write("server.ts", 'import "node:fs"; console.log("by its text");');
    const byText = convexLite(project, "start");
    expect(await byText.exit).toBe(0);
    expect(byText.output()).toBe("by its text\n");
  });

  test("without a server of the project runs one without options, which says what was not built", async () => {
    using project = new TemporaryProject({ "package.json": "{}", "convex/a.ts": "" });
    const start = convexLite(project, "start");
    expect(await start.exit).toBe(1);
    expect(start.output()).toMatch(
      /^ ✗ The functions in convex\/ have not been built\. Run `\w+ convex-lite build`.*\n$/,
    );
  });

  test("a port that is none is wrong use", async () => {
    using project = new TemporaryProject(files);
    const start = convexLite(project, "start", "--port", "many");
    expect(await start.exit).toBe(2);
    expect(start.output()).toContain("--port takes a number from 0 to 65535. Found: many.");
  });
});

describe("build", () => {
  const schema = `import { integer, sqliteTable } from "drizzle-orm/sqlite-core";
export const notes = sqliteTable("notes", { id: integer().primaryKey() });`;

  test("ends with one sentence when no migration makes the tables of the schema", async () => {
    using project = new TemporaryProject({ ...files, "convex/schema.ts": schema });
    const build = convexLite(project, "build");
    expect(await build.exit).toBe(1);
    expect(build.output()).toMatch(
      /^The tables in convex\/schema\.ts are not in drizzle\/ yet\. Run `\w+ drizzle-kit generate`, and build again \(--allow-pending builds all the same\)\.$/m,
    );
    expect(existsSync(project.path("convex/_generated/api.ts"))).toBe(true);
  });

  test("ends before Next is run when a function has a mistake, with its place", async () => {
    using project = new TemporaryProject({ ...files, "convex/messages.ts": "export const value = (;" });
    const build = convexLite(project, "build");
    expect(await build.exit).toBe(1);
    expect(build.output()).toMatch(/convex\/messages\.ts:1:23.*Unexpected ";"/);
    expect(build.output()).not.toContain("    at ");
  });
});

describe("codegen", () => {
  test("--check fails for an outdated file and changes nothing; without it the file is written", async () => {
    using project = new TemporaryProject(files);
    const check = convexLite(project, "codegen", "--check");
    expect(await check.exit).toBe(1);
    expect(check.output()).toMatch(/Run \w+ convex-lite codegen and commit it/);
    expect(existsSync(project.path("convex/_generated"))).toBe(false);
    expect(await convexLite(project, "codegen").exit).toBe(0);
    expect(await convexLite(project, "codegen", "--check").exit).toBe(0);
  });

  test("without functions the error says what to create", async () => {
    using project = new TemporaryProject({ "package.json": "{}" });
    const codegen = convexLite(project, "codegen");
    expect(await codegen.exit).toBe(1);
    expect(codegen.output()).toMatch(/Expected your functions in .*convex/);
  });
});
