import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LOCKS } from "package-manager-detector/constants";
import { getUserAgent } from "package-manager-detector/detect";

/** A package manager that messages can name. */
export type PackageManager = "npm" | "pnpm" | "yarn" | "bun";

/**
 * The package manager of a project: that which runs this process, else that whose lockfile is there or in a folder above, or
 * that `packageManager` in a package.json there names.
 * @param root The project's folder. Default: the working directory.
 * @returns `npm` if there is no sign of another.
 */
export function packageManagerInUse(root = process.cwd()): PackageManager {
  const running = getUserAgent();
  return isPackageManager(running) ? running : (chosenIn(root) ?? "npm");
}

/** The package manager whose lockfile or name is in this folder, or in the next one above that has one. */
function chosenIn(folder: string): PackageManager | undefined {
  const locked = Object.entries(LOCKS).find(([lockfile]) => existsSync(join(folder, lockfile)))?.[1];
  const found = locked ?? namedIn(join(folder, "package.json"));
  if (isPackageManager(found)) return found;
  const above = dirname(folder);
  return above === folder ? undefined : chosenIn(above);
}

/** The name in `"packageManager": "pnpm@12.21.0"`. */
function namedIn(manifest: string): string | undefined {
  try {
    return /^[a-z]+/.exec(JSON.parse(readFileSync(manifest, "utf8")).packageManager)?.[0];
  } catch {
    return undefined;
  }
}

/** Is this the name of a package manager that messages can name? */
export function isPackageManager(name: string | null | undefined): name is PackageManager {
  return typeof name === "string" && name in runs;
}

const runs = { npm: "npx", pnpm: "pnpm", yarn: "yarn", bun: "bunx" } as const;

/**
 * How the reader of a message runs a command of an installed package: `npx drizzle-kit generate`,
 * `pnpm drizzle-kit generate`.
 * @param root The project's folder. Default: the working directory.
 */
export function invocationOf(command: string, root?: string): string {
  return `${runs[packageManagerInUse(root)]} ${command}`;
}
