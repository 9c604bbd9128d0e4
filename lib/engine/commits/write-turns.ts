import type { Cancel, Environment } from "../../environment/environment.ts";

/** Above so many lost tries for each that may run at once, the window is halved. */
const LOSSES_PER_PLACE = 2;
/** So many commits make up for one lost try: where one of five is lost, to run beside each other still pays. */
const COMMITS_PER_LOSS = 4;
/** A try that was lost after so many milliseconds counts twice, as others have waited too. A deadlock takes a second. */
const LONG_LOSS_MS = 100;
/** For so many times as long as the last lost try took, a halved window does not grow: so little of all time is lost. */
const CALM = 60;
const LONGEST_CALM_MS = 60_000;
/** A path none of whose mutations runs is forgotten so long after its last loss. */
const KEPT_MS = 60_000;
/** Those for which others wait so long lose their turns. Longer than PostgreSQL lets a deadlock stand. */
const LONGEST_WAIT_MS = 2_000;

/** Held by a write that runs, when others of its path may have to wait for it. */
export interface Turn {
  readonly path: string;
  /** Counts those that asked for a turn. The lowest goes first, also when it had to give way. */
  readonly number: number;
}

/** Writes of one path, or of several, that take turns. */
interface Queue {
  readonly paths: Set<string>;
  /** How many of them may run at once: its whole part. */
  window: number;
  /** Lost tries that no commit has made up for. */
  losses: number;
  /** When a try was lost last. */
  lostAt: number;
  /** How long the window is not to grow, and since when. */
  calmMs: number;
  calmSince: number;
  readonly holders: Set<Turn>;
  /** In the order of their numbers. There are some only while there is no room. */
  readonly waiting: Waiting[];
  /** Ends the wait for those that hold a turn. */
  cancel: Cancel | undefined;
}

interface Waiting {
  readonly turn: Turn;
  enter(turn: Turn): void;
}

/**
 * Whose turn it is to write, among mutations that conflict: those of a path on a few rows that all of them change win
 * sooner one after the other. It learns from lost tries, as congestion control does: a path's window is halved when too
 * many are lost, and grows while none is. A path that loses none is not held up, and nothing is kept of it.
 *
 * A path whose mutations still lose when only one runs loses to another path: then all paths that lose take turns.
 */
export class WriteTurns {
  readonly #environment: Environment;
  readonly #widest: number;
  /** Of the paths that have lost of late. */
  readonly #queues = new Map<string, Queue>();
  /** Writes that have begun and not ended, with a turn or without. */
  #running = 0;
  #numbers = 0;
  #isClosed = false;

  /** @param widest How many writes may run at once, whatever their paths. */
  constructor(environment: Environment, widest: number) {
    this.#environment = environment;
    this.#widest = widest;
  }

  /** How many paths something is kept of. */
  get size(): number {
    return this.#queues.size;
  }

  /** Each call is followed by one of `end`. @returns the write's turn; undefined when its path has none to wait for. */
  begin(path: string): Turn | Promise<Turn> | undefined {
    this.#running++;
    const queue = this.#queues.get(path);
    if (!queue) return undefined;
    const turn = { path, number: ++this.#numbers };
    if (!hasRoom(queue)) return this.#wait(queue, turn);
    queue.holders.add(turn);
    return turn;
  }

  /**
   * A try was lost, and is to be made again.
   * @param ms How long it took.
   * @returns the turn of the next try: the same, unless more run than may.
   */
  lost(path: string, had: Turn | undefined, ms: number): Turn | Promise<Turn> {
    const turn = had ?? { path, number: 0 };
    if (this.#isClosed) return turn;
    const queue = this.#queues.get(path) ?? this.#newQueue(path);
    queue.holders.add(turn);
    queue.losses += 1 + ms / LONG_LOSS_MS;
    queue.lostAt = this.#environment.now();
    if (queue.losses > LOSSES_PER_PLACE * queue.window) this.#narrow(queue, ms);
    if (queue.holders.size <= queue.window) return turn;
    queue.holders.delete(turn);
    return this.#wait(queue, turn);
  }

  end(path: string, turn: Turn | undefined, hasCommitted: boolean): void {
    this.#running--;
    const queue = this.#queues.get(path);
    if (!turn || !queue) return;
    const wasFull = queue.holders.size >= Math.floor(queue.window);
    queue.holders.delete(turn);
    if (hasCommitted && this.#mayGrow(queue) && wasFull) {
      if (queue.paths.size > 1) this.#release(queue);
      else queue.window = Math.min(this.#widest, queue.window + 1 / queue.window);
    }
    this.#admit(queue);
    this.#forgetIfOver(queue);
  }

  /** From now on nothing waits. */
  close(): void {
    this.#isClosed = true;
    for (const queue of this.#queues.values()) {
      queue.window = Number.POSITIVE_INFINITY;
      this.#admit(queue);
    }
    this.#queues.clear();
  }

  #newQueue(path: string): Queue {
    for (const queue of this.#queues.values()) this.#forgetIfOver(queue);
    const queue = emptyQueue([path], Math.min(this.#widest, this.#running));
    this.#queues.set(path, queue);
    return queue;
  }

  /** After a commit. */
  #mayGrow(queue: Queue): boolean {
    queue.losses = Math.max(0, queue.losses - 1 / COMMITS_PER_LOSS);
    return queue.losses === 0 && this.#hasPassed(queue.calmMs, queue.calmSince);
  }

  #narrow(queue: Queue, ms: number): void {
    if (queue.window < 2 && queue.holders.size === 1) this.#join(queue);
    queue.window = Math.max(1, queue.window / 2);
    queue.losses = 0;
    this.#keepCalm(queue, Math.min(LONGEST_CALM_MS, CALM * Math.max(1, ms)));
  }

  /** Unless it is to last longer already. */
  #keepCalm(queue: Queue, ms: number): void {
    const now = this.#environment.now();
    if (!this.#hasPassed(queue.calmMs, queue.calmSince) && queue.calmSince + queue.calmMs >= now + ms) return;
    queue.calmMs = ms;
    queue.calmSince = now;
  }

  /** Makes this queue that of all paths that have lost and not made up for it. */
  #join(queue: Queue): void {
    for (const other of new Set(this.#queues.values())) {
      if (other === queue || other.losses === 0) continue;
      other.cancel?.();
      for (const path of other.paths) {
        queue.paths.add(path);
        this.#queues.set(path, queue);
      }
      for (const turn of other.holders) queue.holders.add(turn);
      queue.waiting.push(...other.waiting);
    }
    queue.waiting.sort((a, b) => a.turn.number - b.turn.number);
    this.#watch(queue);
  }

  /** Gives one of its paths a queue of its own again. If that conflicts with the others, they soon have one in common. */
  #release(queue: Queue): void {
    const path = [...queue.paths][Math.floor(this.#environment.random() * queue.paths.size)] as string;
    const own = { ...emptyQueue([path], 1), lostAt: queue.lostAt };
    for (const each of [own, queue]) this.#keepCalm(each, queue.calmMs);
    queue.paths.delete(path);
    this.#queues.set(path, own);
    for (const turn of [...queue.holders].filter((turn) => turn.path === path)) {
      queue.holders.delete(turn);
      own.holders.add(turn);
    }
    const all = queue.waiting.splice(0);
    for (const waiting of all) (waiting.turn.path === path ? own : queue).waiting.push(waiting);
    for (const each of [own, queue]) {
      this.#admit(each);
      this.#watch(each);
    }
  }

  #wait(queue: Queue, turn: Turn): Promise<Turn> {
    return new Promise((enter) => {
      const later = queue.waiting.findIndex((other) => other.turn.number > turn.number);
      queue.waiting.splice(later < 0 ? queue.waiting.length : later, 0, { turn, enter });
      this.#watch(queue);
    });
  }

  #admit(queue: Queue): void {
    if (queue.waiting.length === 0 || !hasRoom(queue)) return;
    queue.cancel?.();
    queue.cancel = undefined;
    while (hasRoom(queue)) {
      const next = queue.waiting.shift();
      if (!next) break;
      queue.holders.add(next.turn);
      next.enter(next.turn);
    }
    this.#watch(queue);
  }

  /** Sees to it that somebody's turn comes, even if none ends. */
  #watch(queue: Queue): void {
    if (queue.waiting.length === 0) {
      queue.cancel?.();
      queue.cancel = undefined;
      return;
    }
    queue.cancel ??= this.#environment.after(LONGEST_WAIT_MS, () => {
      queue.holders.clear();
      this.#admit(queue);
    });
  }

  #forgetIfOver(queue: Queue): void {
    if (queue.waiting.length > 0) return;
    const isIdle = queue.holders.size === 0 && this.#hasPassed(KEPT_MS, queue.lostAt);
    const isWhole = queue.losses === 0 && queue.window >= this.#widest;
    if (isIdle || isWhole) for (const path of queue.paths) this.#queues.delete(path);
  }

  /** Also when the machine's clock was set back meanwhile. */
  #hasPassed(ms: number, since: number): boolean {
    const passed = this.#environment.now() - since;
    return passed >= ms || passed < 0;
  }
}

function hasRoom(queue: Queue): boolean {
  return queue.holders.size < Math.floor(queue.window);
}

function emptyQueue(paths: readonly string[], window: number): Queue {
  const state = { losses: 0, lostAt: 0, calmMs: 0, calmSince: 0, cancel: undefined };
  return { ...state, paths: new Set(paths), window, holders: new Set(), waiting: [] };
}
