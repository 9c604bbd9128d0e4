import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";

/** A program that is one part of a command of this project. */
export interface Part {
  /** As the last lines call it. */
  name: string;
  command: string;
  args: readonly string[];
  /** Beside the variables of this process. */
  env?: Record<string, string>;
}

/** How a part ended. */
interface End {
  /** As a shell tells it: 128 and the signal's number for what a signal ended. */
  code: number;
  said: string;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs every part, one after the other, also after one has failed. What they print goes where this process prints, as it
 * is; at the end there is one line for each part. A signal is for the part that runs, and those after it are left out.
 * @returns the exit code: 0 if every part has passed, otherwise that of the first that has not.
 */
export async function runParts(parts: readonly Part[]): Promise<number> {
  let running: ChildProcess | undefined;
  let stoppedBy: (typeof SIGNALS)[number] | undefined;
  const stop = (signal: (typeof SIGNALS)[number]): void => {
    stoppedBy ??= signal;
    // Ctrl-C in a terminal is heard by the part as well: told twice, it would not end in order.
    if (signal !== "SIGINT" || !process.stdin.isTTY) running?.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, stop);

  const lines: [name: string, said: string][] = [];
  let code = 0;
  for (const part of parts) {
    if (stoppedBy) {
      lines.push([part.name, "was not run"]);
      continue;
    }
    const started = performance.now();
    const { command, args, env } = part;
    running = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
    const end = await endOf(running);
    lines.push([part.name, `${end.said} ${duration(performance.now() - started)}`]);
    code ||= end.code;
  }
  for (const signal of SIGNALS) process.off(signal, stop);

  const width = Math.max(...lines.map(([name]) => name.length));
  console.log(`\n${lines.map(([name, said]) => `${name.padEnd(width)}  ${said}`).join("\n")}`);
  return stoppedBy ? 128 + constants.signals[stoppedBy] : code;
}

async function endOf(child: ChildProcess): Promise<End> {
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    if (signal) return { code: 128 + constants.signals[signal], said: `failed: ${signal} ended it after` };
    return code === 0 ? { code, said: "passed in" } : { code: code ?? 1, said: `failed with code ${code} after` };
  } catch (error) {
    return { code: 127, said: `failed: ${error instanceof Error ? error.message : error}, after` };
  }
}

/** `9 min 5 s` */
function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
