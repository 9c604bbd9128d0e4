import { watchStatements } from "./statements.ts";

/** What a server has used since it was last asked; memory as it is now. */
export interface Usage {
  /** Microseconds of processor time, all threads of the process: the embedded database is one of them. */
  cpu: number;
  /** Microseconds of the main thread alone. */
  mainCpu: number;
  statements: number;
  commits: number[];
  queryRuns: number;
  serialisations: number;
}

/** Counters that only ever grow. */
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
 * Bytes of the JavaScript heap and of buffers beside it, after garbage has been collected. Needs `--expose-gc`.
 *
 * Not the resident set: what PGlite and the start of a process once used and gave back stays in it, and sockets settle
 * there without a trace. What the kernel and libuv hold for a socket is the same for every server, and not counted.
 */
export async function restingMemory(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
