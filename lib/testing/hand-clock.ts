import type { Cancel, Environment, Log } from "../environment/environment.ts";

/** One call of a log, as `HandClock.lines` keeps it. */
export interface LogLine {
  /** The method that was called. */
  level: keyof Log;
  /** Its first argument. */
  message: string;
  /** Its second argument; absent if there was none. */
  about?: Record<string, unknown>;
}

/**
 * An environment for tests: its time moves only by `advance`, and its random numbers are the same for the same seed.
 * @example
 * const clock = new HandClock();
 * clock.after(1_000, () => console.log("a second later"));
 * clock.advance(1_000);
 */
export class HandClock implements Environment {
  /** What was logged, oldest first. */
  readonly lines: LogLine[] = [];
  /** A log that prints nothing: it appends to `lines`. */
  readonly log: Log = {
    info: (message, about) => this.#write("info", message, about),
    warn: (message, about) => this.#write("warn", message, about),
    error: (message, about) => this.#write("error", message, about),
  };
  /** See `Environment.soon`. Undefined unless a test sets it. */
  soon: Environment["soon"];
  #now: number;
  #seed: number;
  #order = 0;
  readonly #timers = new Map<number, { due: number; task: () => void }>();

  /**
   * @param seed Decides the random numbers. Default: 1.
   * @param now The time at the start, in milliseconds since 1970. Default: a moment in November 2023.
   */
  constructor(seed = 1, now = 1_700_000_000_000) {
    this.#seed = seed >>> 0;
    this.#now = now;
  }

  /** @returns the time in milliseconds since 1970. */
  now(): number {
    return this.#now;
  }

  /** @returns a number in [0, 1), from Mulberry32, a public-domain generator by Tommy Ettinger. */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), this.#seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** @returns 32 hexadecimal digits, the next ones of the seed. */
  randomId(): string {
    return Array.from({ length: 32 }, () => Math.floor(this.random() * 16).toString(16)).join("");
  }

  /**
   * Runs a task when the time has moved on by `ms` milliseconds.
   * @returns a function that cancels the task.
   */
  after(ms: number, task: () => void): Cancel {
    const timer = ++this.#order;
    this.#timers.set(timer, { due: this.#now + Math.round(ms), task });
    return () => this.#timers.delete(timer);
  }

  /** The number of timers that have not run. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer is due; undefined when there is none. */
  get nextDue(): number | undefined {
    const due = [...this.#timers.values()].map((timer) => timer.due);
    return due.length > 0 ? Math.max(0, Math.min(...due) - this.#now) : undefined;
  }

  /** Moves time forward by milliseconds, and runs the timers that become due, in order. Promises do not settle in between. */
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

  /** Changes the time by milliseconds, as setting the clock of a machine does: timers become due as if it had not. */
  jump(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers.values()) timer.due += ms;
  }

  #write(level: keyof Log, message: string, about?: Record<string, unknown>): void {
    this.lines.push(about === undefined ? { level, message } : { level, message, about });
  }
}
