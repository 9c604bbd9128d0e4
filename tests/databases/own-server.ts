import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../faults/server-process.ts";
import { patience } from "../support/patience.ts";

/** A database server's programs, if this machine has them. */
export interface ServerPrograms {
  /** Makes an empty data directory. */
  prepare(data: string): [program: string, ...args: string[]];
  serve(data: string, port: number): [program: string, ...args: string[]];
  /** What the server runs whenever it starts, for `serve` in the file `AT_START`. */
  atStart?: string;
  url(port: number): string;
}

const AT_START = "at-start.sql";

const places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

function find(program: string, where = places): string | undefined {
  return where.map((place) => join(place, program)).find(existsSync);
}

function versionsIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((version) => join(folder, version, "bin")) : [];
}

export function postgresPrograms(): ServerPrograms | undefined {
  const where = [...versionsIn("/usr/lib/postgresql"), ...places];
  const [initdb, postgres] = [find("initdb", where), find("postgres", where)];
  if (!initdb || !postgres) return undefined;
  return {
    prepare: (data) => [initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"],
    serve: (data, port) => [postgres, "-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", ""],
    url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  };
}

export function mariadbPrograms(): ServerPrograms | undefined {
  const [install, mariadbd] = [find("mariadb-install-db"), find("mariadbd")];
  if (!install || !mariadbd) return undefined;
  return {
    prepare: (data) => [
      install,
      "--no-defaults",
      `--datadir=${data}`,
      "--auth-root-authentication-method=normal",
      "--skip-name-resolve",
    ],
    serve: (data, port) => [
      mariadbd,
      "--no-defaults",
      `--datadir=${data}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      `--socket=${join(data, "socket")}`,
      "--skip-name-resolve",
      `--init-file=${join(data, AT_START)}`,
    ],
    atStart: "create database if not exists app character set utf8mb4;",
    url: (port) => `mysql://root@127.0.0.1:${port}/app`,
  };
}

/** PostgreSQL refuses to run as root: then its programs run as this user, which Linux keeps for what needs no rights. */
const UNPRIVILEGED_USER = 65534;
const asUnprivileged = process.getuid?.() === 0 ? { uid: UNPRIVILEGED_USER, gid: UNPRIVILEGED_USER } : {};

function isThere(group: number): boolean {
  try {
    return process.kill(group, 0);
  } catch {
    return false;
  }
}

/** A database server of the test's own, which it may kill. */
export class OwnServer implements AsyncDisposable {
  readonly port: number;
  readonly #programs: ServerPrograms;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  private constructor(programs: ServerPrograms, folder: string, port: number) {
    this.#programs = programs;
    this.#folder = folder;
    this.port = port;
  }

  static async start(programs: ServerPrograms): Promise<OwnServer> {
    const folder = mkdtempSync(join(tmpdir(), "convex-lite-server-"));
    mkdirSync(join(folder, "data"));
    if ("uid" in asUnprivileged)
      for (const made of [folder, join(folder, "data")]) chownSync(made, UNPRIVILEGED_USER, UNPRIVILEGED_USER);
    const server = new OwnServer(programs, folder, await freePort());
    const [program, ...args] = programs.prepare(server.#data);
    execFileSync(program, args, { ...asUnprivileged, cwd: folder, stdio: "pipe" });
    if (programs.atStart) writeFileSync(join(server.#data, AT_START), programs.atStart);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  get #data(): string {
    return join(this.#folder, "data");
  }

  get url(): string {
    return this.#programs.url(this.port);
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const [program, ...args] = this.#programs.serve(this.#data, this.port);
    this.#process = spawn(program, args, { ...asUnprivileged, cwd: this.#folder, detached: true, stdio: "ignore" });
    const givenUp = performance.now() + patience.fact;
    while (!(await this.#listens())) {
      if (performance.now() > givenUp) {
        throw new Error(`${program} does not listen at port ${this.port} after ${patience.fact} ms.`);
      }
      // Between two looks at whether it listens: a port sends no event when it opens.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Kills the server and all its processes at once, as when a machine loses its power. */
  async kill(): Promise<void> {
    const running = this.#process;
    if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, "exit");
    process.kill(-running.pid, "SIGKILL");
    await gone;
    // Those it had started hold its memory, and a new one would not begin beside them.
    while (isThere(-running.pid)) await new Promise((resolve) => setImmediate(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #listens(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, "127.0.0.1");
      socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
  }
}
