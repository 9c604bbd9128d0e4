import { globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";
import { readModule } from "./read-module.ts";

const root = resolve(import.meta.dirname, "../..");

/** The application in this repository, which is there to be replaced, and the tests that know it. */
const template = /^(app|convex|drizzle|tests\/demo|tests\/browser)\//;

/** These make their projects of a copy of this repository, as the tests in a browser do, and open the same browser. */
const allowed = [
  "bench/dev-project.ts imports tests/browser/app.ts",
  "bench/load/watching-page.ts imports tests/browser/find-chromium.ts",
  "bench/page-project.ts imports tests/browser/app.ts",
  "tests/package/people.ts imports tests/browser/find-chromium.ts",
];

/** What files of the framework import of the application, one line each. */
function usesOfTemplate(files: readonly { path: string; text: string }[]): string[] {
  return files.flatMap(({ path, text }) => {
    const { values, lazy, types } = readModule(path, text);
    const inRepository = [...values, ...lazy, ...types].flatMap((specifier) => {
      if (specifier.startsWith("@/")) return specifier.slice(2);
      return specifier.startsWith(".") ? join(dirname(path), specifier) : [];
    });
    return inRepository.filter((used) => template.test(used)).map((used) => `${path} imports ${used}`);
  });
}

test("the framework and its tests do not know the application, so that it can be another one", () => {
  // In the project of the tests, `@/convex` is its own.
  const paths = globSync("{lib,tests,bench}/**/*.{ts,tsx}", { cwd: root, exclude: ["tests/project/**"] });
  const files = paths
    .filter((path) => !template.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }))
    .filter(({ text }) => /(app|convex|drizzle|demo|browser)\//.test(text));
  expect(usesOfTemplate(files).sort()).toEqual(allowed);
});

test("an import of the application is found, by whatever way", () => {
  const text = `import type { Row } from "@/app/page";
const schema = await import("../../convex/schema.ts");
export { App } from "../browser/app.ts";
export const rows: Row[] = [schema];`;
  expect(usesOfTemplate([{ path: "tests/types/a.ts", text }])).toEqual([
    "tests/types/a.ts imports tests/browser/app.ts",
    "tests/types/a.ts imports convex/schema.ts",
    "tests/types/a.ts imports app/page",
  ]);
});
