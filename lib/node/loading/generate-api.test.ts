import { readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { compareApi, generateApi, writeApi } from "./generate-api.ts";
import { LoadError } from "./load-error.ts";
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
  expect(scanFunctions(project.path("convex"))).toEqual({
    modules: ["a/b/c/deep", "admin", "admin/schema", "admin/users", "messages"],
    hasSchema: true,
  });
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
