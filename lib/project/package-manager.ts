import { detect, getUserAgent } from "package-manager-detector/detect";

/** A package manager that messages can name. */
export type PackageManager = "npm" | "pnpm" | "yarn" | "bun";

/**
 * The package manager of a project: that which runs this process, else that whose lockfile is there.
 * @param root The project's folder. Default: the working directory.
 * @returns `npm` if there is no sign of another.
 */
export async function packageManagerInUse(root = process.cwd()): Promise<PackageManager> {
  const running = getUserAgent();
  if (isPackageManager(running)) return running;
  const found = (await detect({ cwd: root, strategies: ["lockfile", "packageManager-field"] }))?.name;
  return isPackageManager(found) ? found : "npm";
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
export async function invocationOf(command: string, root?: string): Promise<string> {
  return `${runs[await packageManagerInUse(root)]} ${command}`;
}
