import type { Cancel, Environment } from "../../environment/environment.ts";

/** Something that wants to be looked at when its time has come. */
export interface TimerTarget {
  onDue(): void;
}

/** Milliseconds: whatever falls due within one of these is looked at together, at its end. */
const STRETCH = 100;

/**
 * Looks at many things, each after its own time, with one timer for all whose times end close together. There is
 * something to look at for every socket, and a timer for each would take more room than most of what is known of it.
 */
export class SharedTimers {
  readonly #environment: Environment;
  /** By when they are. */
  readonly #timers = new Map<number, SharedTimer>();
  #now = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Looks at it once, in `ms` milliseconds or up to a tenth of a second later, unless it leaves the round before. */
  after(ms: number, due: TimerTarget): SharedTimer {
    const now = this.#environment.now();
    // The clock was set back: what was to be at a time of before will be sooner than that.
    if (now < this.#now) this.#timers.clear();
    this.#now = now;
    const at = Math.ceil((now + ms) / STRETCH) * STRETCH;
    let timer = this.#timers.get(at);
    if (!timer) {
      timer = this.#begin(at, at - now);
      this.#timers.set(at, timer);
    }
    timer.add(due);
    return timer;
  }

  #begin(at: number, wait: number): SharedTimer {
    const timer: SharedTimer = new SharedTimer(() => {
      if (this.#timers.get(at) === timer) this.#timers.delete(at);
    });
    timer.begin(this.#environment.after(wait, () => timer.fire()));
    return timer;
  }
}

/** What is looked at together. */
export class SharedTimer {
  readonly #over: () => void;
  #due = new Set<TimerTarget>();
  #cancel: Cancel | undefined;

  /** @param over Called when nothing is left to look at. */
  constructor(over: () => void) {
    this.#over = over;
  }

  begin(cancel: Cancel): void {
    this.#cancel = cancel;
  }

  add(due: TimerTarget): void {
    this.#due.add(due);
  }

  /** It need not be looked at any more. */
  delete(due: TimerTarget): void {
    if (!this.#due.delete(due) || this.#due.size > 0) return;
    this.#cancel?.();
    this.#over();
  }

  fire(): void {
    const all = this.#due;
    this.#due = new Set();
    this.#over();
    for (const due of all) due.onDue();
  }
}
