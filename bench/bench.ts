import type { Cores } from "./cores.ts";
import type { Database, Databases } from "./databases.ts";
import type { Row } from "./report/row.ts";
import { type Kind, type Program, programs, Server, type ServerOptions } from "./server-process.ts";

/** The tools of a group: servers, databases and notes. */
export interface Bench {
  /** Stops every server that was started. */
  stopAll(): Promise<void>;
  readonly databases: Databases;
  readonly cores: Cores;
  /** The embedded database, and PostgreSQL if it can be reached. */
  readonly everyDatabase: readonly Database[];
  start(kind: Kind, database: Database): Promise<Server>;
  /** Starts another program as a server under test. */
  startProgram(options: Program & Pick<ServerOptions, "directory" | "makesLoad">, on: Database): Promise<Server>;
  /** Prints a remark beside the rows. */
  note(text: string): void;
}

/** Measures some rows. */
export type Group = (bench: Bench) => Promise<Row[]>;

export interface BenchOptions {
  databases: Databases;
  cores: Cores;
  profiles: string | undefined;
  note(text: string): void;
}

/** Servers that a group has left running are stopped by `stopAll`. */
export function makeBench({ databases, cores, profiles, note }: BenchOptions): Bench {
  const running = new Set<Server>();
  const startProgram: Bench["startProgram"] = async (options, database) => {
    const server = await Server.start({ ...options, cores, profiles, place: await database.create() });
    running.add(server);
    return server;
  };
  return {
    databases,
    cores,
    everyDatabase: [databases.embedded, ...(databases.postgres ? [databases.postgres] : [])],
    note,
    startProgram,
    start: (kind, database) => startProgram(programs[kind], database),
    async stopAll() {
      for (const server of running) await server.stop();
      running.clear();
    },
  };
}
