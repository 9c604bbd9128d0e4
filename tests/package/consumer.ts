import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { root } from "../support/compile.ts";
import { freePort } from "../support/free-port.ts";
import { findPnpm } from "../support/pnpm.ts";

export const managers = ["npm", "pnpm"] as const;
export type Manager = (typeof managers)[number];

export type Database = "pglite" | "sqlite";

/** A project that has installed the package from its tarball, as somebody else's project: outside of this repository. */
export class Consumer {
  readonly folder: string;
  readonly #manager: Manager;
  #server: ChildProcess | undefined;
  #output = "";

  constructor(folder: string, manager: Manager) {
    this.folder = join(folder, manager);
    this.#manager = manager;
  }

  /** Writes the files of the project, without its schema. */
  writeProject(tarball: string): void {
    mkdirSync(this.folder, { recursive: true });
    cpSync(join(import.meta.dirname, "app"), this.folder, { recursive: true });
    this.write("package.json", JSON.stringify(manifestWith(tarball), null, 2));
    // Without hoisting, a package finds only what it names itself.
    const workspace = "hoist: false\nallowBuilds:\n  esbuild: true\n  sharp: false\n";
    if (this.#manager === "pnpm") this.write("pnpm-workspace.yaml", workspace);
    this.beginWith("pglite");
  }

  /** Installs without a network. What the package manager has never seen before it fetches first, once. */
  install(): void {
    if (this.#tryInstall("--offline").status === 0) return;
    const fetched = this.#tryInstall("--prefer-offline");
    if (fetched.status !== 0) throw new Error(`${this.#manager} install failed:\n${fetched.output}`);
    for (const path of ["node_modules", "package-lock.json", "pnpm-lock.yaml"]) {
      rmSync(join(this.folder, path), { recursive: true, force: true });
    }
    const { status, output } = this.#tryInstall("--offline");
    if (status !== 0) throw new Error(`${this.#manager} install failed without a network:\n${output}`);
  }

  #tryInstall(...options: string[]): Finished {
    const [command = "", ...first] = this.#manager === "npm" ? ["npm", "--no-audit", "--no-fund"] : findPnpm();
    return this.run(command, ...first, "install", ...options);
  }

  /** Makes the project one of this database, with nothing in it. */
  beginWith(database: Database): void {
    for (const path of [".convex", ".next", "drizzle", "convex/_generated"]) {
      rmSync(join(this.folder, path), { recursive: true, force: true });
    }
    this.write("convex/schema.ts", this.read(`schema/${database}.ts`));
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Changes a file as an editor's save does. */
  edit(path: string, from: string, to: string): void {
    const text = this.read(path);
    if (!text.includes(from)) throw new Error(`Expected ${JSON.stringify(from)} in ${path}.`);
    this.write(`.convex/draft`, text.replace(from, to));
    renameSync(join(this.folder, ".convex/draft"), join(this.folder, path));
  }

  /** Runs a program in the project to its end. */
  run(command: string, ...args: string[]): Finished {
    const options = { cwd: this.folder, encoding: "utf8", env: environment(), maxBuffer: 2 ** 28 } as const;
    const { status, stdout, stderr, error } = spawnSync(command, args, options);
    return { status, output: stripVTControlCharacters(`${stdout}${stderr}${error ?? ""}`) };
  }

  /** Runs a command of an installed package, and throws if it fails. */
  exec(command: string, ...args: string[]): string {
    const { status, output } = this.run(join(this.folder, "node_modules/.bin", command), ...args);
    if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${output}`);
    return output;
  }

  /** Starts the server by a command, and resolves with its address once it is ready. */
  async start(command: readonly string[], variables: Record<string, string> = {}): Promise<string> {
    const port = await freePort();
    const [program = "", ...args] = command;
    this.#output = "";
    const server = spawn(program, args, {
      cwd: this.folder,
      env: { ...environment(), ...variables, PORT: String(port) } as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#server = server;
    const ready = Promise.withResolvers<void>();
    const read = (chunk: Buffer): void => {
      this.#output += stripVTControlCharacters(chunk.toString());
      if (/ready on http/.test(this.#output)) ready.resolve();
    };
    server.stdout.on("data", read);
    server.stderr.on("data", read);
    server.once("close", (code) => ready.reject(new Error(`The server ended with ${code}:\n${this.#output}`)));
    await ready.promise;
    return `http://localhost:${port}`;
  }

  /** What the server has printed since it was started. */
  get output(): string {
    return this.#output;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "close");
    server.kill("SIGTERM");
    await ended;
  }

  /** Takes a package away, from the project and from those that found it there. @returns puts it back. */
  hide(name: string): () => void {
    const places = [`node_modules/${name}`, `node_modules/.pnpm/*/node_modules/${name}`];
    const found = globSync(places, { cwd: this.folder }).map((path) => join(this.folder, path));
    for (const path of found) renameSync(path, `${path}.hidden`);
    return () => {
      for (const path of found) renameSync(`${path}.hidden`, path);
    };
  }
}

/** How a program ended. */
export interface Finished {
  status: number | null;
  /** What it printed, on both streams. */
  output: string;
}

function manifestWith(tarball: string): object {
  const repository = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const versions = { ...repository.devDependencies, ...repository.dependencies };
  const pinned = (...names: string[]) => Object.fromEntries(names.map((name) => [name, versions[name]]));
  return {
    name: "shop",
    private: true,
    dependencies: {
      "convex-lite": `file:${tarball}`,
      ...pinned("drizzle-orm", "next", "react", "react-dom", "zod"),
      ...pinned("@electric-sql/pglite", "better-sqlite3", "pg"),
    },
    devDependencies: {
      ...pinned("@types/node", "@types/react", "@types/react-dom", "drizzle-kit", "typescript"),
      "babel-plugin-react-compiler": "^1.0.0",
      "typescript-5": "npm:typescript@5.9.3",
    },
  };
}

/** As in a terminal of somebody who does not work on this repository: the project's lockfile tells its package manager. */
function environment(): NodeJS.ProcessEnv {
  const own = /^(npm_|NODE_ENV$|DATABASE_URL$|VITEST|CI$|PORT$|TEST$|FORCE_COLOR$)/;
  const rest = Object.entries(process.env).filter(([name]) => !own.test(name));
  return { ...Object.fromEntries(rest), NEXT_TELEMETRY_DISABLED: "1", NO_COLOR: "1" } as unknown as NodeJS.ProcessEnv;
}
