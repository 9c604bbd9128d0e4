import type { Environment, Log } from "../../environment/environment.ts";

/** Milliseconds in which at most `MOST_LINES` refusals are logged. */
const STRETCH = 60_000;
const MOST_LINES = 10;
/** Characters that are shown of what a client has sent. */
const SHOWN = 100;

/**
 * Logs what was refused, so that the operator can tell a setting that is missing. Clients decide how much is refused, and
 * what: at most ten lines a minute are written, none of them twice, and each holds little of what a client has sent.
 */
export class RefusalLog {
  readonly #log: Log;
  readonly #clock: Pick<Environment, "now">;
  readonly #lines = new Set<string>();
  #since = Number.NEGATIVE_INFINITY;
  #leftOut = 0;

  constructor(log: Log, clock: Pick<Environment, "now">) {
    this.#log = log;
    this.#clock = clock;
  }

  write(line: string): void {
    const now = this.#clock.now();
    if (now - this.#since >= STRETCH || now < this.#since) this.#begin(now);
    if (this.#lines.has(line)) return;
    if (this.#lines.size >= MOST_LINES) {
      this.#leftOut++;
      return;
    }
    this.#lines.add(line);
    this.#log.warn(line);
  }

  #begin(now: number): void {
    if (this.#leftOut > 0) this.#log.warn(`refusals of the last minute that were not logged: ${this.#leftOut}`);
    this.#lines.clear();
    this.#since = now;
    this.#leftOut = 0;
  }
}

/** What a client has sent, fit for a terminal: printable ASCII characters, and not many. */
export function shown(sent: string | undefined): string {
  if (sent === undefined) return "none";
  const printable = sent.replace(/[^\x20-\x7e]/g, "?");
  return printable.length > SHOWN ? `${printable.slice(0, SHOWN)}…` : printable;
}
