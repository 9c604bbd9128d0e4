import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { expect } from "@playwright/test";
import { freePort } from "../support/free-port.ts";
import { patience } from "../support/patience.ts";
import { findPnpm } from "../support/pnpm.ts";

const project = join(import.meta.dirname, "../..");

/** A copy of this project in a folder of its own, which tests run, edit, kill and start again. */
export class App {
  readonly directory: string;
  readonly port: number;
  readonly #pnpm: string[];
  #server: ChildProcess | undefined;
  #output = "";
  /** The files that tests have changed, as they were; undefined where there was none. */
  readonly #originals = new Map<string, string | undefined>();

  private constructor(directory: string, port: number, pnpm: string[]) {
    this.directory = directory;
    this.port = port;
    this.#pnpm = pnpm;
  }

  /** Copies what git knows or would add, and installs from the packages that are there already. */
  static async copy(): Promise<App> {
    const directory = mkdtempSync(join(tmpdir(), "convex-lite-app-"));
    const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: project });
    const archive = execFileSync("tar", ["cf", "-", "-T", "-"], { cwd: project, input: files, maxBuffer: 2 ** 28 });
    execFileSync("tar", ["xf", "-"], { cwd: directory, input: archive });
    const app = new App(directory, await freePort(), findPnpm());
    app.pnpm("install", "--offline", "--frozen-lockfile", "--ignore-scripts");
    return app;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** What the server has printed since it was started. */
  get output(): string {
    return this.#output;
  }

  /** Runs pnpm in the copy and returns what it printed. */
  pnpm(...args: string[]): string {
    const [command = "npx", ...first] = this.#pnpm;
    return execFileSync(command, [...first, ...args], {
      cwd: this.directory,
      encoding: "utf8",
      env: this.#environment(),
      timeout: patience.test,
    });
  }

  /** Starts the server and resolves once it says that it is ready. @param program What Node runs, with its arguments. */
  async start(environment: Record<string, string> = {}, program = ["server.ts"]): Promise<void> {
    this.#output = "";
    const server = spawn(process.execPath, program, {
      cwd: this.directory,
      env: { ...this.#environment(), ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      const read = (chunk: Buffer) => {
        this.#output += chunk.toString();
        if (/\bready\b/.test(this.#output)) resolve();
      };
      server.stdout.on("data", read);
      server.stderr.on("data", read);
      server.once("exit", (code) => reject(new Error(`The server ended with ${code}:\n${this.#output}`)));
    });
  }

  /** Ends the server by a signal: in order, or as a crash does. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, "exit");
    server.kill(signal);
    await exited;
  }

  /** Changes a file in `convex/`, and resolves when the server says what became of it: by default, that it serves it. */
  async save(file: string, change: (text: string) => string, said = /reloaded in/): Promise<void> {
    const before = this.#output.length;
    this.edit(file, change);
    await expect.poll(() => this.#output.slice(before)).toMatch(said);
  }

  /** Changes a file of the copy, as an editor's save does. */
  edit(file: string, change: (text: string) => string): void {
    const path = join(this.directory, file);
    const before = readFileSync(path, "utf8");
    const after = change(before);
    if (after === before)
      throw new Error(`The edit of ${file} changed nothing: its text is not what the test expects.`);
    if (!this.#originals.has(path)) this.#originals.set(path, before);
    this.#put(path, after);
  }

  /** Adds a file to the copy. */
  add(file: string, text: string): void {
    const path = join(this.directory, file);
    mkdirSync(dirname(path), { recursive: true });
    this.#originals.set(path, undefined);
    this.#put(path, text);
  }

  /** Puts every edited file back, and takes away what was added. Resolves when the server serves what it did before. */
  async undoEdits(): Promise<void> {
    const before = this.#output.length;
    let changesFunctions = false;
    for (const [path, original] of this.#originals) {
      if (original === undefined) rmSync(path);
      else if (original !== readFileSync(path, "utf8")) {
        this.#put(path, original);
        changesFunctions ||= path.startsWith(join(this.directory, "convex"));
      }
    }
    this.#originals.clear();
    if (changesFunctions && this.#server) await expect.poll(() => this.#output.slice(before)).toMatch(/reloaded in/);
  }

  /** Writes the file elsewhere and renames it: watchers see one change, however busy the machine is. */
  #put(path: string, text: string): void {
    const draft = join(this.directory, ".convex", `${basename(path)}.draft`);
    mkdirSync(dirname(draft), { recursive: true });
    writeFileSync(draft, text);
    renameSync(draft, path);
  }

  /** Deletes files and folders of the copy, for good. */
  delete(...paths: string[]): void {
    for (const path of paths.flatMap((pattern) => globSync(pattern, { cwd: this.directory }))) {
      rmSync(join(this.directory, path), { recursive: true });
    }
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  #environment(): NodeJS.ProcessEnv {
    const { NODE_ENV: _, DATABASE_URL: __, REDIS_URL: ___, ...rest } = process.env;
    return { ...rest, PORT: String(this.port), NEXT_TELEMETRY_DISABLED: "1" } as unknown as NodeJS.ProcessEnv;
  }
}
