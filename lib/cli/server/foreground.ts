import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";

/** Signals that end a program, and that are passed on. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What `runInForeground` takes. */
export interface ForegroundOptions {
  /** The working directory. */
  cwd: string;
  /** Variables beside those of this process, over which they win. */
  env: Record<string, string>;
}

/**
 * Runs Node in place of this process: it has the same terminal and process group, and is sent the signals that this one
 * gets. It can notice by its channel that this process was killed.
 * @param args Node's arguments.
 * @returns its exit code, when it has ended; for the end by a signal 128 and the signal's number, as shells have it.
 */
export async function runInForeground(args: readonly string[], { cwd, env }: ForegroundOptions): Promise<number> {
  const child = spawn(process.execPath, args, {
    cwd,
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, ...env },
  });
  const passOn = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, passOn);
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  for (const each of SIGNALS) process.off(each, passOn);
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
