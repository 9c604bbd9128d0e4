import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Editor } from "../../../tests/support/editor.ts";
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
  await using editor = await Editor.open(project.root);
  const definitionOf = (expression: string) => editor.definition("uses.ts", expression);
  expect(await definitionOf("api.admin.users.list")).toEqual([
    { path: "convex/admin/users.ts", line: expect.stringContaining("export const list = query(") },
  ]);
  expect(await definitionOf("api.admin.reset")).toEqual([
    { path: "convex/admin.ts", line: expect.stringContaining("export const reset") },
  ]);
  expect(await definitionOf("internal.admin.users.secret")).toEqual([
    { path: "convex/admin/users.ts", line: expect.stringContaining("export const secret") },
  ]);
});
