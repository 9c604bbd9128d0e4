import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const project = join(import.meta.dirname, "..");
const map = readFileSync(join(project, "lib/README.md"), "utf8");

/** The rows of "What holds it": a file, and what its test says (or no more than the file). */
const held = [...map.matchAll(/^\| .+ \| `([^`]+\.(?:test|spec)\.ts)`(?:: (.+?))? \|$/gm)].map(
  ([, file = "", name]) => ({
    file,
    name,
  }),
);

test("every promise of the map is held by a test of that name", () => {
  expect(held.length).toBeGreaterThan(20);
  const missing = held.filter(({ file, name }) => {
    const path = join(project, file);
    return !existsSync(path) || (name !== undefined && !readFileSync(path, "utf8").includes(name));
  });
  expect(missing).toEqual([]);
});
