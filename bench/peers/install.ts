import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Installs the peers, which a clone does not: they are dependencies of this folder alone.
 * @throws {Error} when they cannot be installed.
 */
export function installPeers(note: (text: string) => void): void {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  if (existsSync(new URL("./node_modules/.modules.yaml", import.meta.url))) return;
  note("installing tRPC and socket.io …");
  const command = ["-y", "pnpm@12", "install", "--ignore-workspace", "--frozen-lockfile"];
  const { status, stdout } = spawnSync("npx", command, { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`The peers could not be installed in bench/peers:\n${stdout}`);
}
