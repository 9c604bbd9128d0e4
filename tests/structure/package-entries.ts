import { readFileSync } from "node:fs";
import { join, normalize } from "node:path";

/** The modules that a package exports, as an editor and Node find them: paths from its root. */
export function packageEntries(root: string): string[] {
  const { exports }: { exports: Record<string, unknown> } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  return Object.values(exports)
    .flatMap(defaultPath)
    .filter((path) => path.endsWith(".ts"))
    .map(normalize);
}

function defaultPath(target: unknown): string[] {
  if (typeof target === "string") return [target];
  if (typeof target !== "object" || target === null || !("default" in target)) return [];
  return defaultPath(target.default);
}
