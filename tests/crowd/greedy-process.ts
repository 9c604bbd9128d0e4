import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** What each behaviour has met, counted. */
export type Met = Record<string, Record<string, number>>;

/** Greedy clients in a process of their own, so that they do not delay others. They are at work until `leave`. */
export class GreedyProcess {
  readonly #child: ChildProcess;
  #output = "";

  /**
   * @param host Such as `127.0.0.1:45123`.
   * @param lists Those that ordinary clients watch.
   */
  constructor(host: string, clients: number, seed: number, lists: readonly string[]) {
    const program = join(import.meta.dirname, "greedy.ts");
    this.#child = spawn(process.execPath, [program, host, String(clients), String(seed), ...lists], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout?.on("data", (data: Buffer) => {
      this.#output += data.toString();
    });
  }

  /** Resolves when all are gone. */
  async leave(): Promise<Met> {
    const gone = once(this.#child, "close");
    this.#child.stdin?.end();
    await gone;
    return JSON.parse(this.#output) as Met;
  }
}
