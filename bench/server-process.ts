import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Cores } from "./cores.ts";
import { socketIoSpeech, trpcSpeech } from "./load/peer-speech.ts";
import { liveSpeech, rawSpeech, type Speech } from "./load/speech.ts";
import type { Contended, Contention } from "./server/contention.ts";
import type { Question, Reply } from "./server/control.ts";
import type { DatabasePlace, Seeding } from "./server/database.ts";
import type { Measurement } from "./server/throughput.ts";
import type { Usage } from "./server/usage.ts";
import { within } from "./within.ts";

/** The servers under test; see `programs`. */
export type Kind = "live" | "unlimited" | "raw" | "bare" | "prebuilt" | "trpc" | "socketIo";

export interface ServerOptions {
  /** The program of the server, and its name in messages. */
  program: URL | string;
  /** Its arguments, behind the place of its database. */
  args?: readonly string[];
  name: string;
  speech: Speech;
  place: DatabasePlace;
  cores: Cores;
  /** The folder of the CPU profile that is written when it ends; undefined for none. */
  profiles: string | undefined;
  directory?: string;
  /** Whether the server makes its own load, and so gets both cores. */
  makesLoad?: boolean;
}

const START_SECONDS = 60;
const ANSWER_SECONDS = 60;

/** A server under test, in a process of its own. */
export class Server {
  readonly name: string;
  readonly speech: Speech;
  readonly port: number;
  readonly #process: ChildProcess;
  #asked = 0;

  private constructor({ name, speech }: ServerOptions, child: ChildProcess, port: number) {
    this.name = name;
    this.speech = speech;
    this.#process = child;
    this.port = port;
    child.setMaxListeners(0);
  }

  static async start(options: ServerOptions): Promise<Server> {
    const { program, args = [], name, cores, place, profiles, directory, makesLoad } = options;
    const onCores = makesLoad ? cores.forBoth : cores.forServer;
    const profiling = profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profiles}`];
    const file = program instanceof URL ? program.pathname : program;
    const [command = "", ...rest] = onCores([
      process.execPath,
      "--expose-gc",
      ...profiling,
      file,
      JSON.stringify(place),
      ...args,
    ]);
    const child = spawn(command, rest, {
      cwd: directory,
      env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const failed = once(child, "exit").then(([code]) => {
      throw new Error(`The ${name} server ended with ${code} before it was ready.`);
    });
    const ready = once(child, "message").then(([message]) => (message as { port: number }).port);
    try {
      const port = await within(START_SECONDS, `Starting the ${name} server`, Promise.race([ready, failed]));
      failed.catch(() => {});
      return new Server(options, child, port);
    } catch (error) {
      child.kill();
      throw error;
    }
  }

  /** What the server has used since the last call. */
  usage(): Promise<Usage> {
    return this.#ask("usage");
  }

  /** Bytes of memory that the server holds at rest. */
  memory(): Promise<number> {
    return this.#ask("memory");
  }

  socketCount(): Promise<number> {
    return this.#ask("sockets");
  }

  seed(seeding: Seeding): Promise<void> {
    return this.#ask("seed", seeding);
  }

  /** Operations a second, of a server that makes its own load. */
  measure(measurement: Measurement): Promise<number> {
    return this.#ask("measure", measurement);
  }

  /** What came of many transfers between few accounts. */
  contend(contention: Contention): Promise<Contended> {
    return this.#ask("contend", contention);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, "exit");
    await this.#ask("stop");
    await within(20, `Stopping the ${this.name} server`, ended).catch(() => this.#process.kill("SIGKILL"));
  }

  async #ask<T>(ask: string, params: unknown = null): Promise<T> {
    const id = ++this.#asked;
    const answered = new Promise<Reply>((resolve, reject) => {
      const listen = (reply: Reply): void => {
        if (reply.id !== id) return;
        this.#process.off("message", listen);
        resolve(reply);
      };
      this.#process.on("message", listen);
      this.#process.send({ id, ask, params } satisfies Question, (error) => error && reject(error));
    });
    const reply = await within(ANSWER_SECONDS, `The ${this.name} server's answer to "${ask}"`, answered);
    if ("failed" in reply) throw new Error(`The ${this.name} server could not ${ask}: ${reply.failed}`);
    return reply.value as T;
  }
}

/** A server without sockets, which makes its own load. */
export const throughput = {
  program: new URL("./server/throughput.ts", import.meta.url),
  name: "throughput",
  speech: liveSpeech,
  makesLoad: true,
};

/** A server whose clients change the same few rows, and which makes its own load. */
export const contentionServer = {
  program: new URL("./server/contention.ts", import.meta.url),
  name: "contention",
  speech: liveSpeech,
  makesLoad: true,
};

/** A server with the functions of the hostile crowd. */
export const crowdServer = {
  program: new URL("./server/crowd.ts", import.meta.url),
  name: "crowd",
  speech: liveSpeech,
};

export type Program = Pick<ServerOptions, "program" | "args" | "name" | "speech">;

const programAt = (path: string) => new URL(path, import.meta.url);
const live = { program: programAt("./server/live.ts"), name: "convex-lite", speech: liveSpeech };

export const programs: Readonly<Record<Kind, Program>> = {
  live,
  /** Without a limit on the messages of one client: a few senders make all of the load. */
  unlimited: { ...live, args: ["unlimited"] },
  raw: { program: programAt("./server/raw.ts"), name: "raw", speech: rawSpeech },
  bare: { program: programAt("./server/bare.ts"), name: "bare", speech: rawSpeech },
  prebuilt: { program: programAt("./server/prebuilt.ts"), name: "prebuilt", speech: rawSpeech },
  trpc: { program: programAt("./peers/server/trpc.ts"), name: "tRPC", speech: trpcSpeech },
  socketIo: { program: programAt("./peers/server/socket-io.ts"), name: "socket.io", speech: socketIoSpeech },
};
