import { readFileSync, renameSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { LoadError } from "../../bundling/load-error.ts";
import { NotBuiltError } from "./built-functions.ts";
import { FunctionLoader, type LoadedFunctions } from "./load-functions.ts";

const open: (FunctionLoader | TemporaryProject)[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) {
    if (each instanceof FunctionLoader) await each.close();
    else each[Symbol.dispose]();
  }
});

const files = {
  "convex/schema.ts":
    'import { pgTable, text } from "drizzle-orm/pg-core"; export const notes = pgTable("notes", { firstLine: text() });',
  "convex/notes.ts": `import { z } from "zod";
import { shout } from "../shared/shout";
export { z };
export const here = () => [import.meta.filename, shout("a")];
export const later = async () => (await import("zod")).z;
export const fail = (): never => {
  throw new Error("on purpose");
};`,
  "shared/shout.ts": "export const shout = (text: string) => text.toUpperCase();",
  "drizzle.config.ts": 'export default { dialect: "postgresql", casing: "snake_case" };',
};

/** A project whose functions have been built. */
async function builtProject(more: Record<string, string> = {}): Promise<TemporaryProject> {
  const project = new TemporaryProject({ ...files, ...more });
  open.push(project);
  const loader = new FunctionLoader("convex", project.root);
  open.push(loader);
  const { write } = await loader.build();
  write();
  return project;
}

/** Loads what was built, as the next process would. */
function start(project: TemporaryProject): Promise<LoadedFunctions> {
  return new FunctionLoader("convex", project.root).loadBuilt();
}

/** Calls an export of a module. */
function call({ modules }: LoadedFunctions, name: string, module = "notes"): unknown {
  const exported = modules[module]?.[name] as () => unknown;
  return exported();
}

async function refusal(project: TemporaryProject): Promise<string> {
  const error = await start(project).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(NotBuiltError);
  return (error as Error).message;
}

describe("built functions", () => {
  test("are loaded without their sources, and are what the sources would be", async () => {
    const project = await builtProject();
    const fromSources = await new FunctionLoader("convex", project.root).load();
    for (const gone of ["convex", "shared", "drizzle.config.ts"]) project.delete(gone);
    const loaded = await start(project);
    expect(Object.keys(loaded.modules)).toEqual(["notes"]);
    expect(Object.keys(loaded.schema)).toEqual(["notes"]);
    expect([loaded.key, loaded.casing]).toEqual([fromSources.key, "snake_case"]);
    expect(loaded.modules.notes?.z).toBe(z);
    expect(await call(loaded, "later")).toBe(z);
    expect(call(loaded, "here")).toEqual([project.path("convex/notes.ts"), "A"]);
  });

  test("name the author's file and line in the stack of an error, also without the sources", async () => {
    const project = await builtProject();
    project.delete("convex");
    const loader = new FunctionLoader("convex", project.root);
    const loaded = await loader.loadBuilt();
    const error = (() => {
      try {
        return call(loaded, "fail");
      } catch (thrown) {
        return thrown as Error;
      }
    })() as Error;
    loader.remapStack(error);
    expect(error.stack).toContain(`${project.path("convex/notes.ts")}:7:9`);
  });

  test("run in a copy of the project at another place", async () => {
    const dates = {
      "node_modules/dates/package.json": '{ "name": "dates", "main": "index.js" }',
      "node_modules/dates/index.js": "exports.where = __dirname;",
      "convex/places.ts": 'import { where } from "dates"; export const run = () => [where, import.meta.dirname];',
    };
    const project = await builtProject(dates);
    const copy = new TemporaryProject();
    open.push(copy);
    for (const part of [".next", "node_modules"]) renameSync(project.path(part), copy.path(part));
    project.delete("convex");
    expect(call(await start(copy), "run", "places")).toEqual([copy.path("node_modules/dates"), copy.path("convex")]);
    expect(readFileSync(copy.path(".next/convex-lite/functions.js"), "utf8")).not.toContain(project.root);
  });

  test("do not run at the build: what they need when they are loaded may be missing there", async () => {
    const project = await builtProject({ "convex/pay.ts": 'throw new Error("PAY_KEY is not set");' });
    const error = await start(project).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LoadError);
    expect((error as LoadError).problems).toEqual([
      { message: "Error: PAY_KEY is not set", position: { file: project.path("convex/pay.ts"), line: 1, column: 7 } },
    ]);
  });

  test("whose package is not where it was are refused, with the package and its place", async () => {
    const project = await builtProject({
      "node_modules/@pay/node/package.json": '{ "name": "@pay/node", "main": "index.js" }',
      "node_modules/@pay/node/index.js": "exports.pay = 1;",
      "convex/pay.ts": 'export { pay } from "@pay/node";',
    });
    const copy = new TemporaryProject();
    open.push(copy);
    renameSync(project.path(".next"), copy.path(".next"));
    await expect(start(copy)).rejects.toThrow(
      `@pay/node is not where it was when the functions were bundled: there is no ${copy.path("node_modules/@pay/node/index.js")}`,
    );
  });
});

describe("a start is refused, with what to run", () => {
  test("when nothing was built", async () => {
    const project = new TemporaryProject(files);
    open.push(project);
    expect(await refusal(project)).toMatch(/have not been built\. Run `.*build`, and start again\.$/);
  });

  test.each([
    ["a function was edited", "convex/notes.ts", "export const other = 1;", "convex/notes.ts was changed"],
    ["the schema was edited", "convex/schema.ts", "", "convex/schema.ts was changed"],
    ["what functions import was edited", "shared/shout.ts", "export const shout = 1;", "shared/shout.ts was changed"],
    ["a file of functions was added", "convex/admin/users.ts", "", "convex/admin/users.ts was added"],
    ["the casing was changed", "drizzle.config.ts", "export default {};", "drizzle.config.ts was changed"],
  ])("when %s", async (_what, file, text, said) => {
    const project = await builtProject();
    await start(project);
    project.write(file, text);
    expect(await refusal(project)).toMatch(new RegExp(`^${said} after .* Run \`.*build\`, and start again\\.$`));
  });

  test("when a file of functions was removed", async () => {
    const project = await builtProject({ "convex/old.ts": "export const old = 1;" });
    project.delete("convex/old.ts");
    expect(await refusal(project)).toMatch("convex/old.ts was removed");
  });

  test("when another version has built, whose files mean something else", async () => {
    const project = await builtProject();
    const file = ".next/convex-lite/functions.json";
    project.write(file, readFileSync(project.path(file), "utf8").replace('"format": 1', '"format": 0'));
    expect(await refusal(project)).toMatch("another version of convex-lite");
  });

  test("but not for tests, notes and other files that hold no functions", async () => {
    const project = await builtProject();
    project.write("convex/notes.test.ts", "");
    project.write("convex/README.md", "");
    expect(Object.keys((await start(project)).modules)).toEqual(["notes"]);
  });
});

test("a path that is known only when a function runs is looked for from where the functions are, as in development", async () => {
  const project = await builtProject({
    "convex/_data.mjs": "export const held = 1;",
    "convex/late.ts":
      'const name = ["./_data", "mjs"].join("."); export const run = async () => (await import(name)).held;',
  });
  expect(await call(await start(project), "run", "late")).toBe(1);
});
