import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Point } from "./doom.ts";

/** A server in a process of its own, always at the same address. */
export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  /** Of the embedded database. */
  readonly directory: string;
  readonly #arguments: string[];
  #child: ChildProcess | undefined;
  output = "";

  /**
   * @param directory Of the embedded database, or of the project for a program that wants that.
   * @param url Of the database, instead of the embedded one.
   */
  constructor(port: number, directory: string, url?: string, program = join(import.meta.dirname, "server.ts")) {
    this.port = port;
    this.directory = directory;
    this.#arguments = [program, String(port), directory, ...(url ? [url] : [])];
  }

  /** A server with an empty directory of its own, on a free port. Disposing of it deletes the directory. */
  static async inNewDirectory(url?: string, program?: string): Promise<ServerProcess> {
    const directory = await mkdtemp(join(tmpdir(), "convex-lite-faults-"));
    return new ServerProcess(await freePort(), directory, url, program);
  }

  /** `127.0.0.1:45123` */
  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  /**
   * Resolves when it serves.
   * @param doom The point at which it ends itself, and the text of the note whose mutation that is.
   * @param heap The limit of its heap, in MiB.
   * @param variables Of its environment, beside those of this process.
   */
  async start(doom?: [Point, string], heap?: number, variables?: Record<string, string>): Promise<void> {
    const env = {
      ...process.env,
      ...variables,
      ...(doom && { DOOM: JSON.stringify(doom) }),
      ...(heap && { NODE_OPTIONS: `--max-old-space-size=${heap}` }),
    };
    const child = spawn(process.execPath, this.#arguments, { stdio: ["ignore", "pipe", "pipe"], env });
    this.#child = child;

    const ready = new Promise<void>((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`The server ended with ${code}: ${this.output}`)));
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (data: Buffer) => {
          this.output += data.toString();
          if (this.output.includes("ready")) resolve();
        });
      }
    });
    this.output = "";
    await ready;
  }

  /** Of the process that runs, or has run last. Undefined before the first start. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The signal that ended it. Undefined while it runs. */
  get endedBy(): NodeJS.Signals | undefined {
    return this.#child?.signalCode ?? undefined;
  }

  /** Has it been started, and does it no longer run? */
  get hasEnded(): boolean {
    return typeof this.#child?.exitCode === "number" || this.endedBy !== undefined;
  }

  /** Sends SIGKILL: nothing is finished, as when a machine loses its power. */
  kill(): Promise<number | null> {
    return this.#end("SIGKILL");
  }

  /** Sends SIGTERM, as a deployment does. @returns the exit code. */
  stop(): Promise<number | null> {
    return this.#end("SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return null;
    const exit = once(child, "exit");
    child.kill(signal);
    return (await exit)[0];
  }
}

/** A port of this machine on which no process listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
