/** What the cores borrow from the machine. Everything that is not a pure function of its input comes through here. */
export interface Environment {
  /** Milliseconds since 1970. */
  now(): number;
  /** A number in [0, 1). */
  random(): number;
  /** 128 random bits as 32 lower-case hexadecimal digits. */
  randomId(): string;
  /** Runs `task` once after `ms` milliseconds. Returns a function that cancels it. */
  after(ms: number, task: () => void): Cancel;
  log: Log;
}

export type Cancel = () => void;

export interface Log {
  info(message: string, about?: Record<string, unknown>): void;
  warn(message: string, about?: Record<string, unknown>): void;
  error(message: string, about?: Record<string, unknown>): void;
}

/** The real machine, in a browser or in Node: both have these globals. */
export function machineEnvironment(log: Log): Environment {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    randomId: () =>
      Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(""),
    after(ms, task) {
      const timer = setTimeout(task, ms);
      return () => clearTimeout(timer);
    },
    log,
  };
}
