import type { Cancel, Environment, Log } from "../environment/environment.ts";

/** A message that was logged, kept for the test to look at. */
export interface LogLine {
  level: keyof Log;
  message: string;
  about?: Record<string, unknown>;
}

/** An environment whose time moves only when told, and whose chance repeats for the same seed. */
export class HandClock implements Environment {
  readonly lines: LogLine[] = [];
  readonly log: Log = {
    info: (message, about) => this.#write("info", message, about),
    warn: (message, about) => this.#write("warn", message, about),
    error: (message, about) => this.#write("error", message, about),
  };
  #now: number;
  #seed: number;
  #order = 0;
  readonly #timers = new Map<number, { due: number; task: () => void }>();

  /** @param seed Repeats the run it was printed by. */
  constructor(seed = 1, now = 1_700_000_000_000) {
    this.#seed = seed >>> 0;
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** Mulberry32, a public-domain generator by Tommy Ettinger. */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), this.#seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  randomId(): string {
    return Array.from({ length: 32 }, () => Math.floor(this.random() * 16).toString(16)).join("");
  }

  after(ms: number, task: () => void): Cancel {
    const timer = ++this.#order;
    this.#timers.set(timer, { due: this.#now + Math.round(ms), task });
    return () => this.#timers.delete(timer);
  }

  /** Timers that are still waiting. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer is due; undefined when none waits. */
  get nextDue(): number | undefined {
    const due = [...this.#timers.values()].map((timer) => timer.due);
    return due.length > 0 ? Math.max(0, Math.min(...due) - this.#now) : undefined;
  }

  /** Moves time forward, running what falls due on the way in order. Promises get no turn in between. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#timers]
        .filter(([, t]) => t.due <= end)
        .sort(([a, x], [b, y]) => x.due - y.due || a - b)[0];
      if (!next) break;
      this.#timers.delete(next[0]);
      this.#now = Math.max(this.#now, next[1].due);
      next[1].task();
    }
    this.#now = end;
  }

  /** Somebody sets the clock of the machine: it tells another time, and timers run on as if nothing had been. */
  jump(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers.values()) timer.due += ms;
  }

  #write(level: keyof Log, message: string, about?: Record<string, unknown>): void {
    this.lines.push(about === undefined ? { level, message } : { level, message, about });
  }
}
