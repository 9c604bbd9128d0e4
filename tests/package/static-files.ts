import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** All the code and styles that a built project sends to browsers. */
export function readStatic(folder: string): string {
  const files = globSync(".next/static/**/*.{js,css}", { cwd: folder });
  return files.map((path) => readFileSync(join(folder, path), "utf8")).join("\n");
}
