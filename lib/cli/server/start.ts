import { runInForeground } from "./foreground.ts";
import { serverArguments } from "./server-program.ts";

/** Runs the project's server for production, from what `build` has made. @returns the server's exit code. */
export function start(root: string): Promise<number> {
  return runInForeground(serverArguments(root), { cwd: root, env: { NODE_ENV: "production" } });
}
