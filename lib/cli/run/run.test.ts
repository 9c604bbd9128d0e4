import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { FunctionLoader } from "../../node/loading/load-functions.ts";
import { bindPort } from "../../node/process/port.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { run as runCommand } from "./run.ts";

const main = join(import.meta.dirname, "../main.ts");

const FILES = {
  "convex/schema.ts": `import { sqliteTable, text } from "drizzle-orm/sqlite-core";
export const notes = sqliteTable("notes", { text: text().primaryKey() });`,
  "convex/notes.ts": `import { ConvexError } from "convex-lite/client";
import { action, internalMutation, internalQuery, mutation, query } from "convex-lite/server";
import { z } from "zod";
import { notes } from "./schema.ts";
export const list = query({ handler: ({ db }) => db.select().from(notes).orderBy(notes.text) });
export const add = mutation({
  args: z.object({ text: z.string(), times: z.number().optional() }),
  handler: async ({ db, scheduler, auth }, { text }) => {
    console.log("adds", text);
    if (text === "") throw new ConvexError({ code: "empty", at: new Date(0) });
    await db.insert(notes).values({ text });
    await scheduler.invalidate(list);
    return { by: (await auth.getUserIdentity())?.subject ?? null, at: new Date(0), big: 12n };
  },
});
export const clear = internalMutation({
  handler: async ({ db, scheduler }) => {
    await db.delete(notes);
    await scheduler.invalidate(list);
  },
});
export const fail = internalQuery({ handler: () => { throw new Error("a mistake of the author"); } });
export const count = action({ handler: async ({ runQuery }) => (await runQuery(list)).length });`,
};

/** A server of the project with all that concerns commands, without Next. */
const SERVER = `import {
  acceptSockets, commandEndpoint, createEngine, FunctionLoader, gracefulShutdown, httpEndpoint, listen, loadFunctions,
  machineEnvironment, openDatabase, readSettings, serveFunctions, terminalLog,
} from "convex-lite/node";
const loader = new FunctionLoader("convex");
const log = terminalLog(loader);
const settings = readSettings();
const http = await listen({ ...settings, directory: ".convex" }, log);
const loaded = await loadFunctions({ loader, settings, log });
const database = await openDatabase({ url: settings.databaseUrl, directory: ".convex", schema: loaded.schema, log });
const engine = createEngine({ driver: database, environment: machineEnvironment(log), development: settings.development });
const functions = await serveFunctions({ engine, database, loader, functions: loaded, settings, log });
const rules = { engine, identify: () => null, log, trustProxy: 0 };
const sockets = acceptSockets(rules);
const next = { basePath: "", prepare() {}, request: async (_, response) => void response.writeHead(404).end("a page"), upgrade: () => false, close: async () => {} };
const commands = commandEndpoint({ ...rules, token: http.token });
http.open({ sockets, calls: httpEndpoint(rules), commands, next, engine });
gracefulShutdown({ http, sockets, engine, functions, database, next, log });
log.info("ready on " + http.url);
process.send?.("ready");`;

const environment = (variables: Record<string, string>): NodeJS.ProcessEnv => {
  const { NODE_ENV: _, DATABASE_URL: __, TEST: ___, VITEST: ____, NO_COLOR: _____, ...rest } = process.env;
  return { ...rest, PORT: "0", ...variables } as unknown as NodeJS.ProcessEnv;
};

/** A process of a project. */
function start(project: TemporaryProject, args: string[], variables: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, args, {
    cwd: project.root,
    env: environment(variables),
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function startServer(project: TemporaryProject, variables: Record<string, string> = {}): Promise<ChildProcess> {
  const child = start(project, ["server.ts"], variables);
  let output = "";
  child.stderr?.on("data", (data) => (output += data));
  await new Promise<void>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`The server ended with ${code}:\n${output}`)));
    child.stdout?.on("data", (data) => {
      output += data;
      if (output.includes("ready on ")) resolve();
    });
  });
  return child;
}

/** A port that nothing listens on: a server notes which process has it only if it was asked for by its number. */
async function freePort(): Promise<number> {
  const probe = await bindPort(createServer, { host: "localhost", port: 0 });
  await Promise.all(probe.servers.map((each) => once(each.close(), "close")));
  return probe.port;
}

/** Makes the functions what production runs. */
async function build(project: TemporaryProject): Promise<void> {
  const loader = new FunctionLoader("convex", project.root);
  (await loader.build()).write();
  await loader.close();
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

/** What a command has printed, and its exit code. */
interface Outcome {
  stdout: string;
  stderr: string;
  code: number;
}

interface Flags {
  args?: string;
  identity?: string;
  watch?: boolean;
  json?: boolean;
  url?: string;
}

/** Runs `convex-lite run` in this process. */
async function run(project: TemporaryProject, path: string, flags: Flags = {}): Promise<Outcome> {
  const [out, err] = [vi.spyOn(console, "log"), vi.spyOn(console, "error")].map((spy) =>
    spy.mockImplementation(() => {}),
  );
  const printedBy = (spy: typeof out) => (spy?.mock.calls ?? []).map(([line]) => `${line}\n`).join("");
  const options = { args: undefined, identity: undefined, url: undefined, watch: false, json: false, ...flags };
  try {
    const code = await runCommand(project.root, { path, ...options });
    return { stdout: printedBy(out), stderr: printedBy(err), code };
  } finally {
    vi.restoreAllMocks();
  }
}

/** Runs `convex-lite run` in a process of its own, whose output goes into pipes. */
async function runInPipes(project: TemporaryProject, ...args: string[]): Promise<Outcome> {
  const child = start(project, [main, "run", ...args]);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, "close"),
  ]);
  return { stdout, stderr, code };
}

afterEach(() => void vi.unstubAllEnvs());

describe("on a project's running server", () => {
  let project: TemporaryProject;
  let server: ChildProcess;
  beforeAll(async () => {
    project = new TemporaryProject({ ...FILES, "server.ts": SERVER });
    server = await startServer(project);
  });
  afterAll(async () => {
    await stop(server);
    project[Symbol.dispose]();
  });
  afterEach(() => run(project, "notes:clear"));

  test("a function is run as an identity, and its value is printed so that one can read it", async () => {
    const added = await run(project, "notes:add", { args: '{"text":"Hi"}', identity: '{"subject":"ada"}' });
    expect(added).toEqual({
      stdout: "{ by: 'ada', at: 1970-01-01T00:00:00.000Z, big: 12n }\n",
      stderr: "",
      code: 0,
    });
    expect((await run(project, "notes:list")).stdout).toBe("[ { text: 'Hi' } ]\n");
    expect((await run(project, "notes:count")).stdout).toBe("1\n");
  });

  test("an internal function is run, too", async () => {
    await run(project, "notes:add", { args: '{"text":"Hi"}' });
    expect(await run(project, "notes:clear")).toMatchObject({ code: 0, stderr: "" });
    expect((await run(project, "notes:list")).stdout).toBe("[]\n");
  });

  test("into a pipe go no colours, and nothing else", async () => {
    const outcome = await runInPipes(project, "notes:list", "--identity", '{"subject":"ada"}');
    expect(outcome).toEqual({ stdout: "[]\n", stderr: "", code: 0 });
  });

  test("as JSON it is one object in wire form, whatever happens", async () => {
    const added = await run(project, "notes:add", { args: '{"text":"Hi"}', json: true });
    const value = { by: null, at: { $t: ["date", 0] }, big: { $t: ["bigint", "12"] } };
    expect({ ...added, stdout: JSON.parse(added.stdout) }).toEqual({
      stdout: { ok: true, value },
      stderr: "",
      code: 0,
    });
    const failed = await run(project, "notes:ad", { json: true });
    expect(JSON.parse(failed.stdout)).toMatchObject({
      ok: false,
      error: { kind: "badRequest", unknownFunction: true },
    });
    expect(failed).toMatchObject({ stderr: "", code: 1 });
  });

  test.each([
    ["notes:ad", {}, "There is no notes:ad. Did you mean notes:add (mutation)?"],
    [
      "notes:add",
      { args: '{"times":"x","more":1}' },
      [
        "notes:add does not accept these arguments:",
        "  text: Invalid input: expected string, received undefined",
        "  times: Invalid input: expected number, received string",
        '  (the arguments): Unrecognized key: "more"',
      ].join("\n"),
    ],
    ["notes:add", { args: '{"text":""}' }, "ConvexError: { code: 'empty', at: 1970-01-01T00:00:00.000Z }"],
    ["notes:fail", {}, "notes:fail failed: a mistake of the author"],
    ["notes:add", { watch: true }, "Expected a query to watch. notes:add is a mutation."],
    [
      "notes:list",
      { identity: "{}" },
      'Expected an identity with a subject, such as {"subject":"u1"}. Found none in it.',
    ],
  ])("run %s %j fails with 1 and says why", async (path, flags, stderr) => {
    expect(await run(project, path, flags)).toEqual({ stdout: "", stderr: `${stderr}\n`, code: 1 });
  });

  test.each([
    [{ args: "text=Hi" }, "Expected the arguments to be an object in JSON"],
    [{ args: "[]" }, "Expected the arguments to be an object in JSON"],
    [{ identity: "ada" }, "Expected --identity to be an object in JSON"],
    [{ url: "localhost" }, "--url takes the address of a server"],
    [{ url: "http://localhost:1" }, "--url needs CONVEX_LITE_TOKEN"],
  ])("%j is wrong use", async (flags, says) => {
    await expect(run(project, "notes:list", flags)).rejects.toThrow(says);
    await expect(run(project, "notes:list", flags)).rejects.toThrow(UsageError);
  });

  test("what is watched is a line for each answer, and an interruption ends it with 130", async () => {
    const watching = start(project, [main, "run", "notes:list", "--watch"]);
    let printed = "";
    watching.stdout?.on("data", (data) => (printed += data));
    await expect.poll(() => printed).toBe("[]\n");
    await run(project, "notes:add", { args: '{"text":"Hi"}' });
    await expect.poll(() => printed).toBe("[]\n[ { text: 'Hi' } ]\n");
    watching.kill("SIGINT");
    expect((await once(watching, "exit"))[0]).toBe(130);
  });

  test("what is watched goes on with the next server, and an answer that is the same is not printed again", async () => {
    const watching = start(project, [main, "run", "notes:list", "--watch"]);
    let [printed, said] = ["", ""];
    watching.stdout?.on("data", (data) => (printed += data));
    watching.stderr?.on("data", (data) => (said += data));
    await expect.poll(() => printed).toBe("[]\n");
    await stop(server);
    await expect.poll(() => said).toBe("The server has stopped. Waiting until it runs again.\n");
    server = await startServer(project);
    await run(project, "notes:add", { args: '{"text":"Hi"}' });
    await expect.poll(() => printed).toBe("[]\n[ { text: 'Hi' } ]\n");
    await stop(watching);
  });

  test("from elsewhere an address and the token are enough; with another token it is refused", async () => {
    using elsewhere = new TemporaryProject();
    const { url, token } = JSON.parse(readFileSync(project.path(".convex/server.json"), "utf8"));
    vi.stubEnv("CONVEX_LITE_TOKEN", token);
    expect(await run(elsewhere, "notes:list", { url: `${url}/` })).toEqual({ stdout: "[]\n", stderr: "", code: 0 });
    vi.stubEnv("CONVEX_LITE_TOKEN", "x".repeat(43));
    const refused = await run(elsewhere, "notes:list", { url });
    expect(refused).toMatchObject({ stdout: "", code: 1 });
    expect(refused.stderr).toContain("Expected Authorization: Bearer");
  });

  test("when it has stopped, functions run in the command's own process, on the same database; in production it takes no commands unless CONVEX_LITE_ADMIN is 1", async () => {
    await run(project, "notes:add", { args: '{"text":"kept"}' });
    const facts = readFileSync(project.path(".convex/server.json"), "utf8");
    await stop(server);
    expect(existsSync(project.path(".convex/server.json"))).toBe(false);
    // As a server that was killed leaves it.
    project.write(".convex/server.json", facts);
    const added = await runInPipes(project, "notes:add", '{"text":"Hi"}', "--json");
    expect([JSON.parse(added.stdout).ok, added.stderr, added.code]).toEqual([true, "adds Hi\n", 0]);
    expect((await run(project, "notes:list")).stdout).toBe("[ { text: 'Hi' }, { text: 'kept' } ]\n");
    expect(await run(project, "notes:ad")).toMatchObject({ code: 1, stderr: expect.stringContaining("Did you mean") });
    await expect(run(project, "notes:list", { watch: true })).rejects.toThrow("--watch needs a server");

    await build(project);
    vi.stubEnv("NODE_ENV", "production");
    expect((await run(project, "notes:list")).stdout).toBe("[ { text: 'Hi' }, { text: 'kept' } ]\n");
    const port = await freePort();
    const production = { NODE_ENV: "production", PORT: String(port) };
    server = await startServer(project, production);
    // Its pages would not learn of what another process writes.
    const refused = run(project, "notes:clear");
    await expect(refused).rejects.toThrow(`process ${server.pid}, port ${port}) takes no commands`);
    vi.stubEnv("CONVEX_LITE_TOKEN", "x");
    const foreign = run(project, "notes:clear", { url: `http://127.0.0.1:${port}` });
    await expect(foreign).rejects.toThrow("takes no commands (it answered 404)");
    await stop(server);
    server = await startServer(project, { ...production, CONVEX_LITE_ADMIN: "1" });
    expect(await run(project, "notes:clear")).toMatchObject({ code: 0 });
  });
});

test("a database that was never made to fit the schema is not changed: the message says what does", async () => {
  using fresh = new TemporaryProject(FILES);
  const { stderr, code } = await run(fresh, "notes:list");
  expect(code).toBe(1);
  expect(stderr).toContain("no such table: notes");
  expect(stderr).toMatch(/The database does not fit convex\/schema\.ts.*Start `.* dev` once/);
});

test("dev --run runs a function once, when the server is ready for the first time, and goes on if it fails", async () => {
  using project = new TemporaryProject({ ...FILES, "server.ts": SERVER });
  const dev = (path: string) => {
    const child = start(project, [main, "dev", "--run", path]);
    const printed = { child, output: "" };
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => (printed.output += data));
    return printed;
  };
  const mistaken = dev("notes:cuont");
  await expect.poll(() => mistaken.output).toContain("There is no notes:cuont. Did you mean notes:count (action)?");
  expect((await run(project, "notes:list")).stdout).toBe("[]\n");
  await stop(mistaken.child);

  const right = dev("notes:count");
  await expect.poll(() => right.output).toContain("\n0\n");
  project.put("server.ts", `${SERVER}\n`);
  await expect.poll(() => right.output).toMatch(/restarting[\s\S]*ready on/);
  expect((await run(project, "notes:list")).stdout).toBe("[]\n");
  expect(right.output.match(/^0$/gm)).toHaveLength(1);
  await stop(right.child);
});
