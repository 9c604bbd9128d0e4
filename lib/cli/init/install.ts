import { spawn } from "node:child_process";
import { once } from "node:events";
import type { PackageManager } from "../../project/package-manager.ts";
import { CommandError } from "../terminal/command-error.ts";

/**
 * Installs the packages of the project.
 * @throws {CommandError} when that fails; the package manager has said why.
 */
export async function install(root: string, manager: PackageManager): Promise<void> {
  console.log(`\nRunning ${manager} install\n`);
  const child = spawn(manager, ["install"], { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  const code = await once(child, "exit").then(
    ([code]) => code as number | null,
    (error: Error) => error.message,
  );
  if (code === 0) return;
  throw new CommandError(`${manager} install failed (${code}). The files are written: repair it, and run it again.`);
}
