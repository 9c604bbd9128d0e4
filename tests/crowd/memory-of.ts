import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/** The memory of a process (its resident set), in MiB. Undefined where there is no /proc. */
function memoryOf(pid: number | undefined): number | undefined {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return undefined;
  }
}

/** How often the memory is read. Milliseconds. */
const INTERVAL = 100;
/** At rest it is so often the same, give or take a MiB. */
const EQUAL_READINGS = 10;

/** Resolves when the memory of a process no longer falls: a new embedded database takes a gigabyte for a second or two. */
export async function memoryAtRest(pid: number | undefined): Promise<void> {
  let before = memoryOf(pid);
  for (let equal = 0; before !== undefined && equal < EQUAL_READINGS; ) {
    await setTimeout(INTERVAL);
    const now = memoryOf(pid);
    equal = now !== undefined && now > before - 1 ? equal + 1 : 0;
    before = now;
  }
}

/** The most memory that a process has while it is watched. */
export class MemoryWatch implements Disposable {
  /** MiB. Undefined where it cannot be read. */
  most: number | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number | undefined) {
    const look = () => {
      const now = memoryOf(pid);
      if (now !== undefined) this.most = Math.max(this.most ?? 0, now);
    };
    look();
    this.#timer = setInterval(look, INTERVAL);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
