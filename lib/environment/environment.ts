/**
 * What the client and the engine take from the machine: clock, random numbers, timers and log. They take nothing of it
 * in another way, so a test that replaces the environment decides all that they do. Folders that are bound to Node
 * (`auth/`, `cli/`, `database/`, `node/`) also use Node's own.
 */
export interface Environment {
  /** The time in milliseconds since 1970. */
  now(): number;
  /** A random number in [0, 1). */
  random(): number;
  /** 128 random bits as 32 lower-case hexadecimal digits. */
  randomId(): string;
  /** Runs `task` once after `ms` milliseconds. @returns cancels it. */
  after(ms: number, task: () => void): Cancel;
  /**
   * Runs `task` when the messages that have arrived by now have been handled. Undefined where they arrive one at a time,
   * and there is nothing to wait for.
   */
  soon?: ((task: () => void) => void) | undefined;
  /** Where events are logged. */
  log: Log;
}

/** Ends what the call that returned it began: a timer, a watch, a listener. Calling it again does nothing. */
export type Cancel = () => void;

/** Where events are logged. `about` holds facts beside the message; its `error` is the cause of a warning or an error. */
export interface Log {
  /** Logs an event of normal operation. */
  info(message: string, about?: Record<string, unknown>): void;
  /** Logs something that may need attention. */
  warn(message: string, about?: Record<string, unknown>): void;
  /** Logs a failure. */
  error(message: string, about?: Record<string, unknown>): void;
}

/**
 * Makes the environment of the real machine, in a browser or in Node: both have the globals that it uses.
 * @param log Where the engine logs.
 * @returns the environment.
 * @example
 * const environment = machineEnvironment(terminalLog());
 */
export function machineEnvironment(log: Log): Environment {
  return {
    now: () => Date.now(),
    random: Math.random,
    randomId: () =>
      crypto.getRandomValues(new Uint8Array(16)).reduce((id, byte) => id + byte.toString(16).padStart(2, "0"), ""),
    after(ms, task) {
      const timer = setTimeout(task, ms);
      return () => clearTimeout(timer);
    },
    soon: typeof setImmediate === "function" ? setImmediate : undefined,
    log,
  };
}
