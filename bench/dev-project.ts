import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { App } from "../tests/browser/app.ts";
import type { Cores } from "./cores.ts";
import { within } from "./within.ts";

/** How many files of functions the project has, and how many functions each. */
export const FILES = 20;
const FUNCTIONS = 6;

const START_SECONDS = 240;
const ANSWER_SECONDS = 60;

/** What a server in development holds at rest. */
export interface Held {
  /** Bytes of the heap and of buffers outside it, after garbage collection. */
  bytes: number;
  /** Listeners of the process, watchers of folders and child processes. */
  listeners: number;
}

/**
 * A Next project in development: 20 files of functions, and a page that shows one query of each. Every query says which save
 * of its file it is of.
 */
export class DevProject implements AsyncDisposable {
  readonly #app: App;
  readonly #cores: Cores;
  #process: ChildProcess | undefined;
  #output = "";

  private constructor(app: App, cores: Cores) {
    this.#app = app;
    this.#cores = cores;
  }

  /** Makes the project in a copy of this one, in place of the demo. */
  static async create(cores: Cores): Promise<DevProject> {
    const app = await App.copy();
    for (const name of ["app", "convex", "tests", "drizzle", "postcss.config.mjs"]) {
      rmSync(join(app.directory, name), { recursive: true, force: true });
    }
    cpSync(join(app.directory, "bench/dev-app"), app.directory, { recursive: true });
    rmSync(join(app.directory, "bench/dev-app"), { recursive: true });
    const project = new DevProject(app, cores);
    project.#put("server.ts", 'import "./bench/server/dev.ts";\n');
    project.#put("app/page.tsx", PAGE);
    for (let file = 0; file < FILES; file++) project.save(file, 0);
    return project;
  }

  get url(): string {
    return this.#app.url;
  }

  /** Saves a file of functions, as an editor does. @param version What its query answers from now on. */
  save(file: number, version: number): void {
    this.#put(`convex/f${file}.ts`, functions(file, version));
  }

  /** Saves the client component whose text Next replaces in the page. */
  saveComponent(version: number): void {
    this.#put("app/label.tsx", component(version));
  }

  /** Starts `convex-lite dev` on both cores. */
  startDev(): Promise<void> {
    return this.#start(["lib/cli/main.ts", "dev"], /\bready\b/);
  }

  /** Starts `next dev` without convex-lite on both cores. */
  startNext(): Promise<void> {
    return this.#start(["node_modules/next/dist/bin/next", "dev", "--port", String(this.#app.port)], /\bReady\b/);
  }

  /** What the server holds now. */
  async held(): Promise<Held> {
    const before = this.#output.length;
    const { pid } = JSON.parse(readFileSync(join(this.#app.directory, ".convex/server.json"), "utf8"));
    const said = this.#says(/^held (\{.*\})$/m, before);
    process.kill(pid, "SIGUSR2");
    return JSON.parse((await within(ANSWER_SECONDS, "The answer of the server in development", said))[1] ?? "");
  }

  /** Stops what runs, and forgets what Next has compiled and the database. */
  async reset(): Promise<void> {
    await this.#stop();
    for (const name of [".next", ".convex"]) {
      rmSync(join(this.#app.directory, name), { recursive: true, force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await this.#app.remove();
  }

  async #start(program: readonly string[], ready: RegExp): Promise<void> {
    const [command = "", ...args] = this.#cores.forBoth([process.execPath, ...program]);
    this.#output = "";
    const child = spawn(command, args, {
      cwd: this.#app.directory,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PORT: String(this.#app.port), NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "development" },
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
        child.emit("said");
      });
    }
    await within(START_SECONDS, `Starting ${program.join(" ")}`, this.#says(ready, 0));
  }

  /** Resolves when the output from `start` on has this. */
  async #says(pattern: RegExp, start: number): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#output.slice(start));
      if (found) return found;
      const child = this.#process;
      if (!child || child.exitCode !== null) throw new Error(`The server in development ended:\n${this.#output}`);
      await Promise.race([once(child, "said"), once(child, "exit")]);
    }
  }

  async #stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await within(30, "Stopping the server in development", ended).catch(() => child.kill("SIGKILL"));
  }

  /** Replaces the file in one step. */
  #put(path: string, text: string): void {
    const draft = join(this.#app.directory, ".draft");
    const target = join(this.#app.directory, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(draft, text);
    renameSync(draft, target);
  }
}

/** Shows a query of each file of functions, live. */
const PAGE = `"use client";

import { ConvexProvider, useQuery } from "convex-lite/react";
import { api } from "@/convex/_generated/api";
import { Label } from "./label";

const versions = [${Array.from({ length: FILES }, (_, file) => `api.f${file}.version`).join(", ")}];

export default function VersionsPage() {
  return (
    <ConvexProvider>
      <Label />
      {versions.map((version, file) => <Version key={file} version={version} />)}
    </ConvexProvider>
  );
}

function Version({ version }) {
  return <p data-shown>{useQuery(version).data}</p>;
}
`;

function functions(file: number, version: number): string {
  const others = Array.from(
    { length: FUNCTIONS - 1 },
    (_, i) => `
export const list${i} = query({
  args: z.object({ author: z.string(), limit: z.number().default(${i + 1}) }),
  handler: ({ db }, { author, limit }) =>
    db.query.notes.findMany({ where: (note, { eq }) => eq(note.author, author), limit }),
});`,
  );
  return `import { query } from "convex-lite/server";
import { z } from "zod";

export const version = query({
  handler: async ({ db }) => {
    const notes = await db.query.notes.findMany();
    return "f${file} " + (notes.length + ${version});
  },
});
${others.join("\n")}
`;
}

function component(version: number): string {
  return `"use client";

export function Label() {
  return <p data-shown="label">label ${version}</p>;
}
`;
}
