import { globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readModule } from "../structure/read-module.ts";
import { root } from "../support/compile.ts";
import { dependencies, foundByName, peers, publishedManifest } from "./pack/manifest.ts";

const repository = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const sources = globSync("lib/**/*.ts", { cwd: root }).filter((path) => !/\.(test|test-d)\.ts$/.test(path));
const texts = new Map(sources.map((path) => [path, readFileSync(join(root, path), "utf8")]));

describe("the package.json of the package", () => {
  test("names every package that lib/ imports, and no other", () => {
    const imported = [...texts].flatMap(([path, text]) => packagesOf(path, text));
    // Next renders with it, in the version of `react`.
    const besideReact = "react-dom";
    expect([...new Set([...imported, besideReact])].sort()).toEqual(
      [...Object.keys(dependencies), ...Object.keys(peers)].sort(),
    );
  });

  test("has no script, and nothing that only this repository needs", () => {
    const published = publishedManifest(repository);
    expect(Object.keys(published)).not.toContain("scripts");
    expect(Object.keys(published)).not.toContain("devDependencies");
    expect(JSON.stringify(published)).not.toMatch(/playwright|vitest|tailwind/);
  });

  test("has the entries of this repository, each with its declarations first", () => {
    const { exports } = publishedManifest(repository);
    expect(Object.keys(exports)).toEqual(Object.keys(repository.exports));
    expect(exports["./server"]).toEqual({
      types: "./dist/entries/server.d.ts",
      browser: "./dist/entries/server.browser.js",
      default: "./dist/entries/server.js",
    });
    expect(Object.keys(exports["./server"] ?? {})[0]).toBe("types");
  });
});

test("the modules that are found by name are those that the code names", () => {
  const named = [...texts].flatMap(([path, text]) =>
    [...text.matchAll(/`([\w./-]+)\$\{extname\(/g)].map(([, name]) => join(path, "..", `${name}.ts`)),
  );
  expect(named.sort()).toEqual([...foundByName].sort());
});

/** The packages that a module imports, also those of which it only takes types, or that it asks `require` for. */
function packagesOf(path: string, text: string): string[] {
  const { values, lazy, types } = readModule(path, text);
  const required = [...text.matchAll(/createRequire\(import\.meta\.url\)\("([^"]+)"\)/g)].map(([, name = ""]) => name);
  return [...values, ...lazy, ...types, ...required]
    .filter((specifier) => !specifier.startsWith(".") && !isBuiltin(specifier))
    .map((specifier) => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/"));
}
