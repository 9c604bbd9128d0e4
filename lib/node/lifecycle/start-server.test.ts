import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConvexClient } from "../../../lib/client/convex-client.ts";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";

const FIVE_LINES = `
import { startServer } from "convex-lite/node";
await startServer({ identify: () => null });
`;

const PROJECT = {
  "next.config.mjs": "export default { turbopack: { root: process.env.REPOSITORY } };",
  "convex/schema.ts": `import { pgTable, text } from "drizzle-orm/pg-core";
export const notes = pgTable("notes", { text: text().primaryKey() });`,
  "convex/notes.ts": `import { mutation, query } from "convex-lite/server";
import { z } from "zod";
import { notes } from "./schema";
export const list = query({ handler: ({ db }) => db.select().from(notes) });
export const add = mutation({
  args: z.object({ text: z.string() }),
  handler: async ({ db, scheduler }, { text }) => {
    await db.insert(notes).values({ text });
    await scheduler.invalidate(list);
  },
});
export const fail = query({ handler: () => { throw new Error("a mistake of the author"); } });
export const who = query({ handler: async ({ auth }) => (await auth.getUserIdentity())?.subject ?? "anonymous" });`,
  "app/layout.tsx": "export default function Layout({ children }) { return <html><body>{children}</body></html>; }",
  "app/page.tsx": `import { fetchQuery } from "convex-lite/nextjs";
import { api } from "../convex/_generated/api";
export default async function Page() {
  return <p>{(await fetchQuery(api.notes.list)).map(({ text }) => text).join()}</p>;
}`,
};

/** A project of somebody who installed the package, and its server. */
class Project {
  readonly files = new TemporaryProject(PROJECT);
  #server: ChildProcess | undefined;
  #output = "";

  /** @returns the address that the server says it is ready on. */
  async start(server: string): Promise<string> {
    const child = this.#spawn(server);
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (this.#output += data));
    return new Promise((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`The server ended with ${code}:\n${this.#output}`)));
      child.stdout.on("data", () => {
        const ready = /ready on (\S+)/.exec(this.#output);
        if (ready) resolve(String(ready[1]));
      });
    });
  }

  /** Starts a server that cannot go on. @returns its exit code and what it said. */
  async fail(server: string, variables: Record<string, string>): Promise<[code: unknown, output: string]> {
    const child = this.#spawn(server, variables);
    const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    return [code, out + error];
  }

  /** @returns the exit code. */
  async stop(): Promise<unknown> {
    const exited = once(this.#server as ChildProcess, "exit");
    this.#server?.kill("SIGTERM");
    return (await exited)[0];
  }

  get output(): string {
    return this.#output;
  }

  [Symbol.dispose](): void {
    this.#server?.kill("SIGKILL");
    this.files[Symbol.dispose]();
  }

  #spawn(server: string, variables: Record<string, string> = {}) {
    this.files.write("server.ts", server);
    const { NODE_ENV: _, DATABASE_URL: __, ...rest } = process.env;
    const env = { ...rest, PORT: "0", REPOSITORY: process.cwd(), ...variables } as unknown as NodeJS.ProcessEnv;
    const child = spawn(process.execPath, ["server.ts"], {
      cwd: this.files.root,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#server = child;
    return child;
  }
}

describe("startServer", () => {
  let project: Project;
  beforeEach(() => {
    project = new Project();
  });
  afterEach(() => project?.[Symbol.dispose]());

  test("serves pages, calls and sockets of a project whose server.ts has five lines, and ends in order", async () => {
    const url = await project.start(FIVE_LINES);
    const client = new ConvexClient(url);
    await client.mutation("notes:add", { text: "written over the socket" });
    expect(await (await fetch(url)).text()).toContain("<p>written over the socket</p>");
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: "ok" });
    expect(await client.query("notes:who")).toBe("anonymous");
    const { url: noted, token } = JSON.parse(readFileSync(project.files.path(".convex/server.json"), "utf8"));
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const command = {
      method: "POST",
      headers,
      body: JSON.stringify({ path: "notes:who", identity: { subject: "ada" } }),
    };
    expect(await (await fetch(`${noted}/_convex/run`, command)).json()).toEqual({ ok: true, value: "ada" });
    await client.close();
    expect(await project.stop()).toBe(0);
    expect(existsSync(project.files.path(".convex/server.json"))).toBe(false);
  });

  test("accepts what a server.ts of many lines can set", async () => {
    const url = await project.start(`
import { startServer } from "convex-lite/node";
const say = (level) => (message, about) => console.log("own log", level, message, about?.error?.stack ?? "");
const { engine, settings } = await startServer({
  identify: ({ headers }) => ({ subject: headers.get("x-user") ?? "nobody" }),
  settings: { trustProxy: 1, allowedHosts: ["shop.test"] },
  limits: { resultBytes: 20 },
  origins: ["https://other.test"],
  sockets: 1,
  socketsPerAddress: 1,
  calls: 2,
  callsPerAddress: 1,
  log: { info: say("info"), warn: say("warn"), error: say("error") },
});
console.log("own limit", engine.limits.resultBytes, settings.trustProxy, settings.allowedHosts);`);
    const call = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${url}/api/convex/query`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ path }),
      });
    expect(await (await call("notes:who", { "x-user": "ada" })).json()).toEqual({ ok: true, value: "ada" });
    expect((await call("notes:who", { origin: "https://other.test" })).status).toBe(200);
    expect((await call("notes:who", { origin: "https://third.test" })).status).toBe(403);
    expect((await call("notes:who", { "x-user": "a subject that is longer than 20" })).status).toBe(500);
    await call("notes:fail");
    await expect
      .poll(() => project.output)
      .toMatch(/own log error [\s\S]*a mistake of the author[\s\S]*convex\/notes\.ts:12/);
    expect(project.output).toContain("own limit 20 1 [ 'shop.test' ]");
  });

  test("that cannot start says why in one sentence and ends with code 1, also where it is not awaited", async () => {
    const forgotten = FIVE_LINES.replace("await ", "");
    const [code, output] = await project.fail(forgotten, { DATABASE_URL: "postgres://u:geheim@127.0.0.1:1/x" });
    expect(output.trimEnd()).toMatch(/^ ✗ Cannot use PostgreSQL at 127.0.0.1:1\/x.*$/);
    expect(code).toBe(1);
  });
});
