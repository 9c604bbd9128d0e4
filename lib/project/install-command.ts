import { type PackageManager, packageManagerInUse } from "./package-manager.ts";

const installs: Record<PackageManager, string> = {
  npm: "npm install",
  pnpm: "pnpm add",
  yarn: "yarn add",
  bun: "bun add",
};

/**
 * How the reader of a message installs packages: `npm install pg`, `pnpm add pg`.
 * @param root The project's folder. Default: the working directory.
 */
export function installCommandOf(packages: readonly string[], root?: string): string {
  return [installs[packageManagerInUse(root)], ...packages].join(" ");
}
