import { readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { LoadError } from "../../bundling/load-error.ts";
import { compareApi, generateApi, writeApi } from "./generate-api.ts";
import { scanFunctions } from "./scan-functions.ts";

test("modules are found at any depth; files that hold no functions are left out", () => {
  using project = new TemporaryProject({
    "convex/schema.ts": "",
    "convex/messages.ts": "",
    "convex/admin.ts": "",
    "convex/admin/users.ts": "",
    "convex/a/b/c/deep.ts": "",
    "convex/admin/schema.ts": "",
    "convex/_private.ts": "",
    "convex/_generated/api.ts": "",
    "convex/messages.test.ts": "",
    "convex/messages.test-d.ts": "",
    "convex/globals.d.ts": "",
    "convex/notes.md": "",
    "convex/.hidden/x.ts": "",
  });
  expect(scanFunctions(project.path("convex"))).toMatchObject({
    modules: ["a/b/c/deep", "admin", "admin/schema", "admin/users", "messages"],
    hasSchema: true,
    notRead: [],
  });
});

test("functions may be in .ts, .tsx, .js and .jsx; of a file with another ending, or a path that is taken, it is said", () => {
  using project = new TemporaryProject({
    "convex/mails.tsx": "",
    "convex/old.js": "",
    "convex/older.jsx": "",
    "convex/older.test.jsx": "",
    "convex/messages.ts": "",
    "convex/messages.js": "",
    "convex/admin/tasks.mts": "",
    "convex/_own.cjs": "",
    "convex/types.d.mts": "",
  });
  const { modules, files, notRead } = scanFunctions(project.path("convex"));
  expect(modules).toEqual(["mails", "messages", "old", "older"]);
  expect(modules.map((module) => files.get(module))).toEqual(["mails.tsx", "messages.ts", "old.js", "older.jsx"]);
  expect(notRead.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^convex\/admin\/tasks\.mts is not read: .* Rename it, or start its name with _/),
    "convex/messages.js is not read, because convex/messages.ts has the same path. Remove one.",
  ]);
});

test.each([
  [
    "schema/index.ts",
    /^convex\/schema\/index\.ts is not read as the schema: .*convex\/schema\.ts with `export \* from/,
  ],
  ["schema.tsx", /^convex\/schema\.tsx is not read: the tables are the exports of convex\/schema\.ts. Rename it\.$/],
  ["schema.mts", /^convex\/schema\.mts is not read: the tables are the exports of convex\/schema\.ts. Rename it\.$/],
])("a schema in convex/%s is not read, and it is said where the tables belong", (file, said) => {
  using project = new TemporaryProject({ [`convex/${file}`]: "" });
  const { hasSchema, notRead } = scanFunctions(project.path("convex"));
  expect(hasSchema).toBe(false);
  expect(notRead).toEqual([{ message: expect.stringMatching(said) }]);
  project.write("convex/schema.ts", "");
  expect(scanFunctions(project.path("convex")).hasSchema).toBe(true);
});

test("a name that cannot be part of a function's path is refused with a remedy", () => {
  using project = new TemporaryProject({ "convex/then.ts": "" });
  expect(() => scanFunctions(project.path("convex"))).toThrow(LoadError);
  using spaced = new TemporaryProject({ "convex/my file.ts": "" });
  expect(() => scanFunctions(spaced.path("convex"))).toThrow(/my file.*start the name with _/);
});

test("modules become a nested literal of plain maps; a file and a folder of the same name become one entry", () => {
  const text = generateApi({ modules: ["admin", "admin/users", "my-tasks"], hasSchema: true });
  expect(text).toContain(`export const api = createReferences<{
  admin: PublicReferences<typeof import("../admin")> & {
    users: PublicReferences<typeof import("../admin/users")>;
  };
  "my-tasks": PublicReferences<typeof import("../my-tasks")>;
}>();`);
  expect(text).toContain('users: InternalReferences<typeof import("../admin/users")>;');
  expect(text).toContain('schema: typeof import("../schema");');
});

test("equal modules give equal bytes, in any order", () => {
  const modules = ["b", "a/z", "a/b", "c"];
  const text = generateApi({ modules, hasSchema: false });
  expect(generateApi({ modules: modules.toReversed(), hasSchema: false })).toBe(text);
  expect(text).not.toContain("Register");
});

test("the file is written only when it is out of date", () => {
  using project = new TemporaryProject({ "convex/messages.ts": "" });
  const directory = project.path("convex");
  expect(compareApi(directory).upToDate).toBe(false);
  expect(writeApi(directory)).toBe(true);
  const written = statSync(project.path("convex/_generated/api.ts")).mtimeMs;
  expect(writeApi(directory)).toBe(false);
  expect(compareApi(directory).upToDate).toBe(true);
  expect(statSync(project.path("convex/_generated/api.ts")).mtimeMs).toBe(written);
  project.write("convex/tasks.ts", "");
  expect(writeApi(directory)).toBe(true);
  expect(readFileSync(project.path("convex/_generated/api.ts"), "utf8")).toContain("tasks: PublicReferences");
});
