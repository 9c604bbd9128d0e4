import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import config from "../../next.config.mjs";
import { compiler, root } from "../support/compile.ts";

const isTest = (file: string): boolean => /^(tests|bench)\/|\.test(-d)?\.tsx?$/.test(file);

test("a build checks the application, not the tests", async () => {
  const settings = join(root, config.typescript?.tsconfigPath ?? "tsconfig.json");
  const { stdout } = await promisify(execFile)(process.execPath, [compiler, "--listFilesOnly", "-p", settings]);
  const checked = stdout.split("\n").map((file) => relative(root, file));
  const application = globSync("{server.ts,{app,convex}/**/*.{ts,tsx}}", { cwd: root }).filter((file) => !isTest(file));
  expect(application).toContain("server.ts");
  expect(checked).toEqual(expect.arrayContaining(application));
  expect(checked.filter(isTest)).toEqual([]);
});
