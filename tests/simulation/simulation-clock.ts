import type { Cancel, Environment, Log } from "../../lib/environment/environment.ts";

interface Timer {
  due: number;
  /** Random: the order of timers that are due in the same millisecond. */
  tie: number;
  task: () => void;
  /** Whose timer it is: a server that has died runs none of its own any more. */
  owner: Owner;
}

/** A process that may die, and whose timers die with it. */
export interface Owner {
  isAlive: boolean;
}

/** A generator of numbers in [0, 1) that repeats for the same seed: Mulberry32, a public-domain one by Tommy Ettinger. */
export function chanceOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Clock and random generator of a simulated world. Runs one timer at a time, so that promises settle between two. */
export class SimulationClock {
  now = 1_700_000_000_000;
  steps = 0;
  readonly chance: () => number;
  /** Logged errors, for a failing seed to be understood. */
  readonly lines: string[] = [];
  #timers: Timer[] = [];

  constructor(seed: number) {
    this.chance = chanceOf(seed);
  }

  /** A whole number from 0 up to, not including, `n`. */
  pick(n: number): number {
    return Math.floor(this.chance() * n);
  }

  oneOf<T>(choices: readonly T[]): T {
    return choices[this.pick(choices.length)] as T;
  }

  after(ms: number, task: () => void, owner: Owner = PERMANENT): Cancel {
    const timer: Timer = { due: this.now + Math.max(0, Math.round(ms)), tie: this.chance(), task, owner };
    this.#insert(timer);
    return () => {
      timer.owner = CANCELLED;
    };
  }

  /** What a client or an engine is given: its timers end with its owner. */
  environment(owner: Owner = PERMANENT): Environment {
    const write = (level: string) => (message: string, about?: Record<string, unknown>) => {
      const error = about?.error;
      this.lines.push(`${this.now} ${level}: ${message}${error instanceof Error ? ` — ${error.stack}` : ""}`);
    };
    const log: Log = { info: write("info"), warn: write("warn"), error: write("error") };
    return {
      now: () => this.now,
      random: this.chance,
      randomId: () => Array.from({ length: 32 }, () => this.pick(16).toString(16)).join(""),
      after: (ms, task) => this.after(ms, task, owner),
      log,
    };
  }

  get nextDue(): number | undefined {
    this.#dropDead();
    return this.#timers.at(-1)?.due;
  }

  /** Runs the next timer. False when there is none up to `until`. */
  step(until: number): boolean {
    this.#dropDead();
    const next = this.#timers.at(-1);
    if (!next || next.due > until) return false;
    this.#timers.pop();
    this.now = next.due;
    this.steps++;
    next.task();
    return true;
  }

  #dropDead(): void {
    while (this.#timers.length > 0 && !this.#timers.at(-1)?.owner.isAlive) this.#timers.pop();
  }

  /** Kept in order, the next one last. */
  #insert(timer: Timer): void {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (comesBefore(timer, this.#timers[middle] as Timer)) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
  }
}

const PERMANENT: Owner = { isAlive: true };
const CANCELLED: Owner = { isAlive: false };

function comesBefore(one: Timer, other: Timer): boolean {
  return one.due < other.due || (one.due === other.due && one.tie < other.tie);
}

/** Resolves when all promises that need no timer have settled. */
export function promisesRest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
