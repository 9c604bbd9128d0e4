import { readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** A package as a file finds it. */
export interface Installed {
  readonly version: string;
  /** Where it is, links followed. */
  readonly path: string;
}

/** The package that files in a folder import by a name, as Node looks for it. Undefined: they find none. */
export function installed(name: string, folder: string): Installed | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, "node_modules", name);
    try {
      const { version } = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as { version: string };
      return { version, path: realpathSync(path) };
    } catch {}
    if (at === dirname(at)) return undefined;
  }
}

/**
 * Is a version in a range? Of the forms that this package's own `package.json` has: `^1.2`, `>=1.2`, `<2`, and several of
 * them with spaces between.
 */
export function isInRange(version: string, range: string): boolean {
  return range.split(/\s+/).every((part) => {
    const [, sign = "", bound = ""] = /^(\^|>=|<)?(.*)$/.exec(part) ?? [];
    const order = compare(version, bound);
    if (sign === ">=") return order >= 0;
    if (sign === "<") return order < 0;
    return sign === "^" ? order >= 0 && compare(version, nextBreaking(bound)) < 0 : order === 0;
  });
}

/** The first version that a caret does not cover: of `^1.2` 2.0.0, of `^0.2.3` 0.3.0. */
function nextBreaking(bound: string): string {
  const [major = 0, minor = 0] = numbers(bound);
  return major > 0 ? `${major + 1}` : `0.${minor + 1}`;
}

function compare(one: string, other: string): number {
  const [a, b] = [numbers(one), numbers(other)];
  const at = [0, 1, 2].find((i) => (a[i] ?? 0) !== (b[i] ?? 0));
  return at === undefined ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

function numbers(version: string): number[] {
  return (version.split(/[-+]/)[0] ?? "").split(".").map(Number);
}
