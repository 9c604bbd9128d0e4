import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./compile.ts";
import { slowFiles, slowFirst } from "./slow-first.ts";

test("slow files begin first, the slowest at the front, and the others stay as they are", () => {
  const [slowest = "", second = ""] = slowFiles;
  expect(slowFirst(["b", second, "a", slowest], (path) => path)).toEqual([slowest, second, "b", "a"]);
});

test("the slow files are there", () => {
  expect(slowFiles.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});
