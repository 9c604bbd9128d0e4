import { watchStatements } from "./statements.ts";

/** What a server has used since the last reading. */
export interface Usage {
  /** Microseconds of processor time of all threads of the process; the embedded database is one of them. */
  cpu: number;
  /** Microseconds of processor time of the main thread. */
  mainCpu: number;
  statements: number;
  commits: number[];
  queryRuns: number;
  serialisations: number;
}

/** Counters that only grow. */
export interface Counters {
  readonly queryRuns: number;
  readonly serialisations: number;
}

/** Measures this process from one call to the next. */
export function usageMeter(counters: Counters): () => Usage {
  const statements = watchStatements();
  let before = { ...reading(), ...counters };
  return () => {
    const after = { ...reading(), queryRuns: counters.queryRuns, serialisations: counters.serialisations };
    const { count, commits } = statements.take();
    const used: Usage = {
      cpu: after.cpu - before.cpu,
      mainCpu: after.mainCpu - before.mainCpu,
      statements: count,
      commits,
      queryRuns: after.queryRuns - before.queryRuns,
      serialisations: after.serialisations - before.serialisations,
    };
    before = { ...after };
    return used;
  };
}

function reading(): { cpu: number; mainCpu: number } {
  return { cpu: total(process.cpuUsage()), mainCpu: total(process.threadCpuUsage()) };
}

function total({ user, system }: NodeJS.CpuUsage): number {
  return user + system;
}

/**
 * Bytes of the JavaScript heap and of buffers outside it, after garbage collection. Needs `--expose-gc`.
 *
 * The resident set would be misleading: it still contains memory that PGlite and the start of the process have freed, and
 * sockets reuse that. Memory of the kernel and libuv for a socket is not counted; it is the same for every server.
 */
export async function restingMemory(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
