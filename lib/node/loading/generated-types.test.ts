import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { writeApi } from "./generate-api.ts";

const compiler = resolve(import.meta.dirname, "../../../node_modules/typescript/bin/tsc");
const strict = {
  compilerOptions: {
    ...{ target: "ES2024", module: "esnext", moduleResolution: "bundler", strict: true, noEmit: true },
    ...{ skipLibCheck: true, allowImportingTsExtensions: true, types: ["node"], lib: ["ES2024", "ESNext", "DOM"] },
  },
  include: ["**/*.ts"],
};

const files = {
  "tsconfig.json": JSON.stringify(strict),
  "convex/schema.ts": `import { integer, pgTable, text } from "drizzle-orm/pg-core";
export const users = pgTable("users", { id: integer().primaryKey(), name: text().notNull() });
`,
  "convex/admin/users.ts": `import { internalQuery, query } from "convex-lite/server";
import { z } from "zod";
import { api, internal } from "../_generated/api";
export const notAFunction = 1;
export const list = query({ handler: ({ db }) => db.query.users.findMany() });
export const count = query({ handler: async (ctx) => (await ctx.runQuery(api.admin.users.list)).length });
export const secret = internalQuery({ args: z.object({ id: z.number() }), handler: async () => "s" });
export const asks = query({ handler: async (ctx) => ctx.runQuery(internal.admin.users.secret, { id: 1 }) });
`,
  "convex/admin.ts": `import { mutation } from "convex-lite/server";
export const reset = mutation({ handler: async () => new Date() });
`,
  "uses.ts": `import type { FunctionReturnType } from "convex-lite/server";
import { api, internal } from "./convex/_generated/api";
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const yes = <T extends true>(): T | undefined => undefined;
yes<Equal<FunctionReturnType<typeof api.admin.users.list>, { id: number; name: string }[]>>();
yes<Equal<FunctionReturnType<typeof api.admin.users.count>, number>>();
yes<Equal<FunctionReturnType<typeof api.admin.users.asks>, string>>();
yes<Equal<FunctionReturnType<typeof api.admin.reset>, Date>>();
yes<Equal<FunctionReturnType<typeof internal.admin.users.secret>, string>>();
yes<Equal<typeof api.admin.users.secret, never>>();
yes<Equal<typeof api.admin.users.notAFunction, never>>();
yes<Equal<typeof internal.admin.users.list, never>>();
// @ts-expect-error no module has this name
api.nothing;
`,
};

let project: TemporaryProject;
beforeAll(() => {
  project = new TemporaryProject(files);
  writeApi(project.path("convex"));
});
afterAll(() => project?.[Symbol.dispose]());

test("references are typed through any folder, functions may call each other through api in one module, and the schema is known", () => {
  const { stdout } = spawnSync(process.execPath, [compiler, "--noEmit", "-p", project.root], { encoding: "utf8" });
  expect(stdout).toBe("");
});

test("go to definition leads from api to the export itself", async () => {
  const editor = new Editor(project.root);
  onTestFinished(() => editor[Symbol.dispose]());
  await editor.initialize();
  const file = project.path("uses.ts");
  const text = readFileSync(file, "utf8");
  const definitionOf = async (expression: string) => {
    const at = text.indexOf(expression) + expression.length - 1;
    const before = text.slice(0, at).split("\n");
    const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
    const found = await editor.definition(file, text, position);
    const [path, line] = [found.uri.split("/convex/")[1], found.range.start.line];
    return [path, readFileSync(new URL(found.uri), "utf8").split("\n")[line]];
  };
  expect(await definitionOf("api.admin.users.list")).toEqual([
    "admin/users.ts",
    expect.stringContaining("export const list = query("),
  ]);
  expect(await definitionOf("api.admin.reset")).toEqual(["admin.ts", expect.stringContaining("export const reset")]);
  expect(await definitionOf("internal.admin.users.secret")).toEqual([
    "admin/users.ts",
    expect.stringContaining("export const secret"),
  ]);
});

interface Location {
  uri: string;
  range: { start: { line: number } };
}

/** As much of an editor as it takes to ask the compiler's language server where something is defined. */
class Editor implements Disposable {
  readonly #root: string;
  readonly #server: ChildProcess;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #received = Buffer.alloc(0);
  #requests = 0;

  constructor(root: string) {
    this.#root = root;
    this.#server = spawn(process.execPath, [compiler, "--lsp", "--stdio"], {
      cwd: root,
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#server.stdout?.on("data", (chunk: Buffer) => this.#receive(chunk));
  }

  async initialize(): Promise<void> {
    const rootUri = pathToFileURL(this.#root).href;
    await this.#ask("initialize", { processId: process.pid, rootUri, capabilities: {} });
    this.#send({ method: "initialized", params: {} });
  }

  async definition(file: string, text: string, position: { line: number; character: number }): Promise<Location> {
    const uri = pathToFileURL(join(file)).href;
    this.#send({
      method: "textDocument/didOpen",
      params: { textDocument: { uri, languageId: "typescript", version: 1, text } },
    });
    const found = await this.#ask("textDocument/definition", { textDocument: { uri }, position });
    return (Array.isArray(found) ? found[0] : found) as Location;
  }

  [Symbol.dispose](): void {
    this.#server.kill();
  }

  #ask(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#requests;
    this.#send({ id, method, params });
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  #send(message: object): void {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#server.stdin?.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const header = /^Content-Length: (\d+)\r\n(?:.*\r\n)*?\r\n/.exec(this.#received.toString("latin1"));
      const end = header ? header[0].length + Number(header[1]) : Number.POSITIVE_INFINITY;
      if (!header || this.#received.length < end) return;
      this.#read(JSON.parse(this.#received.subarray(header[0].length, end).toString()));
      this.#received = this.#received.subarray(end);
    }
  }

  #read(message: { id?: number; method?: string; result?: unknown }): void {
    if (message.id === undefined) return;
    // The server sends requests as well (for its configuration); each gets an empty answer.
    if (message.method !== undefined) return this.#send({ id: message.id, result: null });
    this.#waiting.get(message.id)?.(message.result);
  }
}
