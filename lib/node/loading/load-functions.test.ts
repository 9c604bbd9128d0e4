import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { LoadError } from "../../bundling/load-error.ts";
import { isRegisteredFunction } from "../../functions/define.ts";
import { FunctionLoader } from "./load-functions.ts";

const open: (FunctionLoader | TemporaryProject)[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) {
    if (each instanceof FunctionLoader) await each.close();
    else each[Symbol.dispose]();
  }
});

function projectOf(files: Record<string, string>): { project: TemporaryProject; loader: FunctionLoader } {
  const project = new TemporaryProject(files);
  const loader = new FunctionLoader("convex", project.root);
  open.push(loader, project);
  return { project, loader };
}

/** Calls an export of a module. */
function run(modules: Record<string, Record<string, unknown>>, module: string, name = "run"): unknown {
  const call = modules[module]?.[name] as () => unknown;
  return call();
}

const greeting = `
import { query } from "convex-lite/server";
import { z } from "zod";
export const hello = query({ args: z.object({ name: z.string() }), handler: async (_ctx, { name }) => "hello " + name });
`;

test("modules are loaded with their exports, also from nested folders, and so is the schema", async () => {
  const { loader } = projectOf({
    "convex/greetings.ts": greeting,
    "convex/admin/users.ts": 'import { hello } from "../greetings"; export const same = hello;',
    "convex/schema.ts":
      'import { pgTable, text } from "drizzle-orm/pg-core"; export const users = pgTable("users", { name: text() });',
  });
  const { modules, schema } = await loader.load();
  expect(Object.keys(modules)).toEqual(["admin/users", "greetings"]);
  expect(isRegisteredFunction(modules.greetings?.hello)).toBe(true);
  expect(modules["admin/users"]?.same).toBe(modules.greetings?.hello);
  expect(Object.keys(schema)).toEqual(["users"]);
});

test("functions in .tsx may render, also where tsconfig.json keeps JSX for Next's compiler, and JavaScript is loaded as it is", async () => {
  const { loader } = projectOf({
    "tsconfig.json": '{ "compilerOptions": { "jsx": "preserve" } }',
    "convex/mails.tsx": `
      import { renderToStaticMarkup } from "react-dom/server";
      export const run = () => renderToStaticMarkup(<b>hello</b>);`,
    "convex/old.js": "export const run = () => 1;",
  });
  const { modules } = await loader.load();
  expect([run(modules, "mails"), run(modules, "old")]).toEqual(["<b>hello</b>", 1]);
});

test("functions share the instances of packages with the server, also by default imports", async () => {
  const { loader } = projectOf({
    "convex/packages.ts": `
      import { z } from "zod";
      import pg, { Pool } from "pg";
      import { readFileSync } from "node:fs";
      import fs from "fs";
      export { z };
      export const run = () => [typeof pg.Pool, pg.Pool === Pool, fs.readFileSync === readFileSync];
      export const later = async () => (await import("zod")).z;
    `,
  });
  const { modules } = await loader.load();
  expect(modules.packages?.z).toBe(z);
  expect(run(modules, "packages")).toEqual(["function", true, true]);
  expect(await run(modules, "packages", "later")).toBe(z);
});

test("files outside of convex/ and aliases of tsconfig.json are part of the load", async () => {
  const { project, loader } = projectOf({
    "tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }',
    "shared/names.ts": 'export const name = "shared";',
    "convex/uses.ts": 'import { name } from "@/shared/names"; export const run = () => name;',
  });
  expect(run((await loader.load()).modules, "uses")).toBe("shared");
  expect(loader.filesOutside).toEqual([project.path("shared/names.ts")]);
});

test("the stack of an error names the author's file, line and column, after every load", async () => {
  const { project, loader } = projectOf({
    "convex/throws.ts":
      "interface Erased {\n  gone: string;\n}\nexport const run = () => {\n  throw new Error('boom', { cause: new Error('why') });\n};\n",
  });
  for (const [text, place] of [
    [undefined, "5:9"],
    ["export const run = () => {\n  const x = 1; throw new Error('boom' + x);\n};\n", "2:22"],
  ] as const) {
    if (text) project.write("convex/throws.ts", text);
    const { modules } = await loader.load();
    try {
      run(modules, "throws");
      expect.unreachable();
    } catch (error) {
      loader.remapStack(error);
      expect((error as Error).stack).toContain(`${project.path("convex/throws.ts")}:${place}`);
      const { cause } = error as Error;
      if (cause instanceof Error) expect(cause.stack).toContain(`${project.path("convex/throws.ts")}:5:36`);
    }
  }
});

test("a load error has its position, and earlier loads stay usable", async () => {
  const { project, loader } = projectOf({ "convex/a.ts": "export const run = () => 1;" });
  const { modules } = await loader.load();
  const problemOf = async (text: string) => {
    project.write("convex/a.ts", text);
    const error = await loader.load().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LoadError);
    return (error as LoadError).problems[0];
  };
  const file = project.path("convex/a.ts");
  expect(await problemOf("export const run = () => {\n  return (1;\n};")).toMatchObject({
    message: expect.stringContaining('Expected ")"'),
    position: { file, line: 2, column: 12 },
  });
  expect(await problemOf('import "./nowhere";')).toMatchObject({
    message: expect.stringContaining("./nowhere"),
    position: { file, line: 1, column: 8 },
  });
  expect(await problemOf('import { nothing } from "zod";\nexport const run = nothing;')).toMatchObject({
    message: expect.stringContaining("nothing"),
    position: { file, line: 1 },
  });
  expect(await problemOf("const nothing: unknown = undefined;\nexport const run = nothing.x;")).toMatchObject({
    message: expect.stringContaining("TypeError"),
    position: { file, line: 2, column: 28 },
  });
  expect(run(modules, "a")).toBe(1);
});

test("the key changes with the code, and the schema key only with files that the schema imports", async () => {
  const { project, loader } = projectOf({
    "convex/schema.ts": 'export { table } from "./_tables";',
    "convex/_tables.ts": "export const table = 1;",
    "convex/a.ts": "export const a = 1;",
  });
  const first = await loader.load();
  project.write("convex/a.ts", "// a comment\nexport const a = 1;");
  expect(await loader.load()).toMatchObject({ schemaKey: first.schemaKey });
  project.write("convex/a.ts", "export const a = 2;");
  const second = await loader.load();
  expect(second.key).not.toBe(first.key);
  expect(second.schemaKey).toBe(first.schemaKey);
  project.write("convex/_tables.ts", "export const table = 2;");
  expect((await loader.load()).schemaKey).not.toBe(first.schemaKey);
});

test("a hundred loads leave less than 3 MB of memory behind", async () => {
  setFlagsFromString("--expose_gc");
  const collect = runInNewContext("gc") as () => void;
  const heap = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const ballast = Array.from(
    { length: 400 },
    (_, i) => `export const f${i} = { text: "${"x".repeat(200)}${i}" };`,
  ).join("\n");
  const { project, loader } = projectOf({ "convex/a.ts": ballast });
  const load = async (i: number) => {
    project.write("convex/a.ts", `${ballast}\nexport const last = ${i};`);
    await loader.load();
  };
  for (let i = 0; i < 10; i++) await load(i);
  const before = heap();
  for (let i = 10; i < 110; i++) await load(i);
  // Each load is more than 100 kB of script and map. If they were kept, they would be 15 MB and more.
  expect(heap() - before).toBeLessThan(3_000_000);
});
