import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { LoadError } from "../../bundling/load-error.ts";
import { FunctionLoader } from "./load-functions.ts";

let project: TemporaryProject;
let loader: FunctionLoader;

function projectOf(files: Record<string, string>): void {
  project = new TemporaryProject(files);
  loader = new FunctionLoader("convex", project.root);
}

afterEach(async () => {
  await loader.close();
  project[Symbol.dispose]();
});

async function run(module: string, name = "run"): Promise<unknown> {
  const { modules } = await loader.load();
  const exported = modules[module]?.[name] as () => unknown;
  return exported();
}

describe("a file knows its own place", () => {
  test("by import.meta, of functions and of files that they import", async () => {
    projectOf({
      "lib/prompt.txt": "hello",
      "lib/prompt.ts":
        'export const prompt = new URL("./prompt.txt", import.meta.url).href; export const meta = import.meta;',
      "convex/admin/a.ts": `
        import { meta, prompt } from "../../lib/prompt";
        export const run = () => [import.meta.url, import.meta.dirname, import.meta.filename, prompt, meta.url];
        export const there = () => [import.meta.resolve("./b.ts"), import.meta.resolve("zod")];`,
    });
    const [url, dirname, filename, prompt, other] = (await run("admin/a")) as string[];
    expect(url).toBe(pathToFileURL(project.path("convex/admin/a.ts")).href);
    expect([dirname, filename]).toEqual([project.path("convex/admin"), project.path("convex/admin/a.ts")]);
    expect(readFileSync(fileURLToPath(prompt ?? ""), "utf8")).toBe("hello");
    expect(other).toBe(pathToFileURL(project.path("lib/prompt.ts")).href);
    expect(await run("admin/a", "there")).toEqual([
      pathToFileURL(project.path("convex/admin/b.ts")).href,
      expect.stringMatching(/^file:.*node_modules.*zod/),
    ]);
  });

  test("by __dirname and __filename, and by constants of these names, as ES modules often define them", async () => {
    projectOf({
      "convex/a.ts": "export const run = () => [__dirname, __filename];",
      "convex/b.ts": `
        import { dirname } from "node:path";
        import { fileURLToPath } from "node:url";
        const __filename = fileURLToPath(import.meta.url);
        const __dirname = dirname(__filename);
        export const run = () => [__dirname, __filename];`,
      "lib/old.cjs": "module.exports = __filename;",
      "convex/c.ts": 'import old from "../lib/old.cjs"; export const run = () => old;',
    });
    expect(await run("a")).toEqual([project.path("convex"), project.path("convex/a.ts")]);
    expect(await run("b")).toEqual([project.path("convex"), project.path("convex/b.ts")]);
    expect(await run("c")).toBe(project.path("lib/old.cjs"));
  });

  test("and errors in it are still where they are", async () => {
    projectOf({
      "convex/a.ts": "const here = import.meta.url;\nexport const run = () => {\n  throw new Error(here);\n};",
    });
    const error = await run("a").catch((thrown: Error) => thrown);
    loader.remapStack(error);
    expect((error as Error).stack).toContain(`${project.path("convex/a.ts")}:3:9`);
  });
});

test("top-level await is refused, with its position and what to do instead", async () => {
  projectOf({ "convex/a.ts": "const rates = await Promise.resolve(1);\nexport const run = () => rates;" });
  const error = await loader.load().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(LoadError);
  expect((error as LoadError).problems).toEqual([
    {
      message: expect.stringMatching(/`await` outside of a function is not supported.*keep the promise/),
      position: { file: project.path("convex/a.ts"), line: 1, column: 15 },
    },
  ]);
});

test("a file that is imported for what it does, and that package.json marks as doing nothing, is named", async () => {
  projectOf({
    "package.json": '{ "sideEffects": false }',
    "lib/register.ts": "Object.assign(globalThis, { registered: true });",
    "convex/a.ts": 'import "zod";\nimport "../lib/register";\nexport const run = 1;',
  });
  expect((await loader.load()).warnings).toEqual([
    {
      message: expect.stringContaining("no side effects"),
      position: { file: project.path("convex/a.ts"), line: 2, column: 8 },
    },
  ]);
});

test("what the bundler finds doubtful is told with its position, but nothing about packages", async () => {
  projectOf({
    "node_modules/odd/package.json": '{ "name": "odd", "main": "index.js" }',
    "node_modules/odd/index.js": "exports.x = { a: 1, a: 2 };",
    "convex/a.ts": 'import "odd";\nexport const sizes = {\n  small: 1,\n  small: 2,\n};',
  });
  expect((await loader.load()).warnings).toEqual([
    {
      message: expect.stringContaining('Duplicate key "small"'),
      position: { file: project.path("convex/a.ts"), line: 4, column: 3 },
    },
  ]);
});
