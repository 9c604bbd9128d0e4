import type { Cancel, Environment } from "../../environment/environment.ts";

/** Something that wants to be looked at when its time has come. */
export interface Due {
  look(): void;
}

/** Milliseconds: whatever falls due within one of these is looked at together, at its end. */
const STRETCH = 100;

/**
 * Looks at many things, each after its own time, with one timer for all whose times end close together. There is
 * something to look at for every socket, and a timer for each would take more room than most of what is known of it.
 */
export class Rounds {
  readonly #environment: Environment;
  /** By when they are. */
  readonly #rounds = new Map<number, Round>();
  #now = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Looks at it once, in `ms` milliseconds or up to a tenth of a second later, unless it leaves the round before. */
  after(ms: number, due: Due): Round {
    const now = this.#environment.now();
    // The clock was set back: what was to be at a time of before will be sooner than that.
    if (now < this.#now) this.#rounds.clear();
    this.#now = now;
    const at = Math.ceil((now + ms) / STRETCH) * STRETCH;
    let round = this.#rounds.get(at);
    if (!round) {
      round = this.#begin(at, at - now);
      this.#rounds.set(at, round);
    }
    round.add(due);
    return round;
  }

  #begin(at: number, wait: number): Round {
    const round: Round = new Round(() => {
      if (this.#rounds.get(at) === round) this.#rounds.delete(at);
    });
    round.begin(this.#environment.after(wait, () => round.look()));
    return round;
  }
}

/** What is looked at together. */
export class Round {
  readonly #over: () => void;
  #due = new Set<Due>();
  #cancel: Cancel | undefined;

  /** @param over Called when nothing is left to look at. */
  constructor(over: () => void) {
    this.#over = over;
  }

  begin(cancel: Cancel): void {
    this.#cancel = cancel;
  }

  add(due: Due): void {
    this.#due.add(due);
  }

  /** It need not be looked at any more. */
  delete(due: Due): void {
    if (!this.#due.delete(due) || this.#due.size > 0) return;
    this.#cancel?.();
    this.#over();
  }

  look(): void {
    const all = this.#due;
    this.#due = new Set();
    this.#over();
    for (const due of all) due.look();
  }
}
