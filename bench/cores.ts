import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** Keeps servers and load on two cores, if the machine has `taskset` and permits it. */
export interface Cores {
  readonly apart: boolean;
  /** The command line that runs `command` on the servers' core. */
  forServer(command: string[]): string[];
  /** The command line that runs `command` on both cores: for a server that makes its own load, beside its database's thread. */
  forBoth(command: string[]): string[];
}

/** Moves this process, which makes the load, to one core and leaves another one to the servers. */
export function takeCores(): Cores {
  try {
    if (availableParallelism() < 2) throw new Error("There is one core only.");
    const [server, load] = allowedCores();
    execFileSync("taskset", ["-a", "-c", "-p", String(load), String(process.pid)], { stdio: "ignore" });
    return {
      apart: true,
      forServer: (command) => ["taskset", "-c", String(server), ...command],
      forBoth: (command) => ["taskset", "-c", `${server},${load}`, ...command],
    };
  } catch {
    return { apart: false, forServer: (command) => command, forBoth: (command) => command };
  }
}

/** The first two cores on which this process may run. */
function allowedCores(): [number, number] {
  const text = execFileSync("taskset", ["-c", "-p", String(process.pid)], { encoding: "utf8" });
  const list = text.slice(text.lastIndexOf(":") + 1).trim();
  const cores = list.split(",").flatMap((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  if (cores.length < 2) throw new Error("This process may use one core only.");
  return [cores[0] as number, cores[1] as number];
}
