import { isDeepStrictEqual } from "node:util";
import { type Evaluated, evaluate, type Item, type ModelQuery, type State } from "./model.ts";
import type { ObservedClient, Shown } from "./observed-client.ts";

/** Every state that the database was ever in, oldest first. */
export class History {
  readonly states: State[] = [];
  /** The state that first holds a mutation, by its number. */
  readonly #firstWith = new Map<number, number>();
  readonly #answers = new Map<string, Evaluated>();

  add(state: State): void {
    for (const uid of state.log.keys()) if (!this.#firstWith.has(uid)) this.#firstWith.set(uid, this.states.length);
    this.states.push(state);
  }

  get last(): State {
    return this.states.at(-1) as State;
  }

  /** Infinity: it never committed. */
  commitOf(uid: number): number {
    return this.#firstWith.get(uid) ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Did the mutation change any of these answers? One that changed none may be acknowledged before commits that the
   * database finished earlier and the server has not heard of yet: no state that is shown depends on it.
   */
  isVisible(uid: number, shown: readonly Shown[], who: string): boolean {
    const commit = this.commitOf(uid);
    if (commit === Number.POSITIVE_INFINITY) return false;
    return shown.some(
      ({ query }) => !isDeepStrictEqual(this.#evaluate(commit, query, who), this.#evaluate(commit - 1, query, who)),
    );
  }

  /** Is this the answer to the query in the state of this index? */
  answers(index: number, { query, result }: Shown, who: string): boolean {
    const evaluated = this.#evaluate(index, query, who);
    if ("error" in evaluated) {
      const { error } = result;
      return error?.kind === "application" && isDeepStrictEqual(error.data, evaluated.error);
    }
    return result.error === undefined && isDeepStrictEqual(withoutGuesses(result.data), evaluated.data);
  }

  #evaluate(index: number, query: ModelQuery, who: string): Evaluated {
    const key = `${index} ${query.path} ${JSON.stringify(query.args)} ${who}`;
    const known = this.#answers.get(key);
    if (known) return known;
    const evaluated = evaluate(query, this.states[index] as State, who);
    this.#answers.set(key, evaluated);
    return evaluated;
  }
}

/**
 * Compares what a client showed with every state there was (ENGINE §1).
 * @returns what was wrong, in words; empty when nothing was.
 */
export function checkClient(observed: ObservedClient, history: History): string[] {
  const faults = observed.faults.map((fault) => `${observed.name}: ${fault}`);
  /** The newest state that the client has shown: no older one may follow. */
  let floor = 0;
  const outcomes = outcomesOf(observed);
  const pending = new Map<number, string>();
  for (const observation of observed.observations) {
    if (observation.what === "called") {
      if (observation.guesses !== undefined) pending.set(observation.uid, observation.guesses);
      continue;
    }
    if (observation.what === "rejected") {
      pending.delete(observation.uid);
      continue;
    }
    if (observation.what === "resolved") {
      pending.delete(observation.uid);
      const commit = history.commitOf(observation.uid);
      if (commit === Number.POSITIVE_INFINITY) {
        faults.push(`${observed.name}: mutation ${observation.uid} was acknowledged, and is not in the database (G1)`);
        continue;
      }
    }
    const { who } = observation;
    const shown = observation.shown.filter(saysOfAState);
    if (observation.what === "resolved" && history.isVisible(observation.uid, shown, who)) {
      floor = Math.max(floor, history.commitOf(observation.uid));
    }
    const guessed = guessesIn(shown);
    const { low, high } = boundsByGuesses(shown, guessed, pending, outcomes, history, who);
    const from = Math.max(floor, low);
    const found = findState(history, shown, who, from, high);
    if (found === undefined) {
      faults.push(
        `${observed.name}: at step ${observation.step}, ${observation.what}: ${explain(history, shown, who, floor, low, high)}`,
      );
      // Goes on with the next state, so that one fault is reported once.
      continue;
    }
    floor = found;
  }
  return [...faults, ...checkOrder(observed, history, outcomes)];
}

/**
 * A result that is loading fits every state. So does an error of the database, after which the query runs again: at
 * rest there is none.
 */
function saysOfAState({ result }: Shown): boolean {
  return !result.isLoading && result.error?.kind !== "internal" && result.error?.kind !== "unavailable";
}

/** At rest the client shows the last state, whole. */
export function checkAtRest(observed: ObservedClient, history: History): string[] {
  observed.checkTold();
  const last = history.states.length - 1;
  return observed.shown().flatMap((shown) => {
    const { query, result } = shown;
    const name = `${observed.name}: at rest ${query.path} ${JSON.stringify(query.args)}`;
    if (result.isLoading) return [`${name} is still loading (G6)`];
    if (JSON.stringify(result.data)?.includes("isGuess")) return [`${name} still shows a guess (G4)`];
    if (history.answers(last, shown, observed.who)) return [];
    return [
      `${name} shows ${text(result)}, the database says ${JSON.stringify(evaluate(query, history.last, observed.who))} (G6)`,
    ];
  });
}

/** Outcomes after which nothing was committed. */
const NOT_DONE: ReadonlySet<string> = new Set(["application", "notSent", "overloaded", "timedOut", "identityChanged"]);
/** Outcomes of mutations that were pending when the identity changed. */
const LEFT_BEHIND: ReadonlySet<string> = new Set(["identityChanged", "outcomeUnknown"]);

/** Each mutation is applied exactly once, in the order called, and none that failed. */
function checkOrder(observed: ObservedClient, history: History, outcomes: Map<number, string>): string[] {
  const faults: string[] = [];
  let before = -1;
  for (const uid of observed.called) {
    const times = history.last.log.get(uid) ?? 0;
    const outcome = outcomes.get(uid);
    const wanted = outcome === "resolved" ? [1] : NOT_DONE.has(outcome ?? "") ? [0] : [0, 1];
    if (!wanted.includes(times)) {
      faults.push(`${observed.name}: mutation ${uid} (${outcome ?? "no outcome"}) ran ${times} times (G2)`);
    }
    if (observed.leftBehind.has(uid) && !LEFT_BEHIND.has(outcome ?? "")) {
      faults.push(
        `${observed.name}: mutation ${uid} was pending when its identity changed, and ended: ${outcome} (G8)`,
      );
    }
    const [as, by] = [history.last.ranAs?.get(uid), observed.calledAs.get(uid)];
    if (as !== undefined && as !== by) faults.push(`${observed.name}: mutation ${uid} of ${by} ran as ${as} (G8)`);
    const commit = history.commitOf(uid);
    // When one that was left behind ends is unknown: the next one is another client id's.
    if (commit === Number.POSITIVE_INFINITY || observed.leftBehind.has(uid)) continue;
    if (commit <= before)
      faults.push(`${observed.name}: mutation ${uid} was applied before one that was called earlier (G3)`);
    before = commit;
  }
  return faults;
}

function outcomesOf({ observations }: ObservedClient): Map<number, string> {
  const outcomes = new Map<number, string>();
  for (const observation of observations) {
    if (observation.what === "resolved") outcomes.set(observation.uid, "resolved");
    if (observation.what === "rejected") outcomes.set(observation.uid, observation.kind);
  }
  return outcomes;
}

/**
 * A guess is shown exactly as long as the answers do not hold the mutation: with a guess the state must be one before its
 * commit (no double row), without one it must hold the commit (no flicker), unless the mutation came to nothing.
 */
function boundsByGuesses(
  shown: readonly Shown[],
  guessed: ReadonlySet<number>,
  pending: ReadonlyMap<number, string>,
  outcomes: ReadonlyMap<number, string>,
  history: History,
  who: string,
): { low: number; high: number } {
  let low = 0;
  let high = history.states.length;
  for (const [uid, list] of pending) {
    const lists = shown.filter(
      ({ query, result }) => query.path === "items:inList" && query.args.list === list && result.data !== undefined,
    );
    if (lists.length === 0) continue;
    const commit = history.commitOf(uid);
    if (guessed.has(uid)) high = Math.min(high, commit);
    else if (outcomes.get(uid) === "resolved" && history.isVisible(uid, lists, who)) low = Math.max(low, commit);
  }
  // A guess of a call that has ended.
  for (const uid of guessed) if (!pending.has(uid)) high = 0;
  return { low, high };
}

function findState(
  history: History,
  shown: readonly Shown[],
  who: string,
  from: number,
  to: number,
): number | undefined {
  for (let index = from; index < to; index++) {
    if (shown.every((one) => history.answers(index, one, who))) return index;
  }
  return undefined;
}

function explain(
  history: History,
  shown: readonly Shown[],
  who: string,
  floor: number,
  low: number,
  high: number,
): string {
  const all = history.states.length;
  const anywhere = findState(history, shown, who, 0, all);
  if (anywhere === undefined) {
    const each = shown.map((one) => {
      const states = history.states.flatMap((_state, index) => (history.answers(index, one, who) ? [index] : []));
      return `${one.query.path} ${JSON.stringify(one.query.args)} as in [${states}]${states.length === 0 ? ` (${text(one.result)})` : ""}`;
    });
    return `the answers are of no one state (G5): ${each.join("; ")}`;
  }
  const states = `it shows state ${anywhere}; it had seen ${floor}, guesses ask for ${low}..${high - 1} of ${all}`;
  const fault =
    high === 0
      ? "a guess outlives its call (G4)"
      : anywhere < floor
        ? "backwards (G5, or own writes missing: G4)"
        : "a guess and its row together, or neither (G4)";
  return `${fault}: ${states}`;
}

function guessesIn(shown: readonly Shown[]): Set<number> {
  const guessed = new Set<number>();
  for (const { result } of shown) {
    if (!Array.isArray(result.data)) continue;
    for (const row of result.data) if (isGuess(row)) guessed.add(row.id);
  }
  return guessed;
}

function withoutGuesses(data: unknown): unknown {
  return Array.isArray(data) ? data.filter((row) => !isGuess(row)) : data;
}

function isGuess(row: unknown): row is Item {
  return typeof row === "object" && row !== null && "isGuess" in row;
}

function text(result: Shown["result"]): string {
  return result.error ? `the error ${JSON.stringify(result.error)}` : JSON.stringify(result.data);
}
