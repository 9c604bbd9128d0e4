/**
 * `node tests/structure/measure.ts [root]`: prints the figures of `lib/` in this checkout, or in the one at `root`.
 */
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { figuresOf } from "./figures.ts";
import { packageEntries } from "./package-entries.ts";
import { reportOf } from "./report.ts";

const root = resolve(process.argv[2] ?? join(import.meta.dirname, "../.."));
const paths = globSync("lib/**/*.{ts,tsx}", { cwd: root }).sort();
const texts = new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
console.log(reportOf(figuresOf(texts, packageEntries(root))));
