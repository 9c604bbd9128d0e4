import { LISTS, type ModelQuery, type MutationArgs, type Op, QUERIES } from "./model.ts";

/** A generator of choices, repeatable by its seed. */
export interface Chance {
  chance(): number;
  /** A whole number from 0 up to, not including, `n`. */
  pick(n: number): number;
  oneOf<T>(choices: readonly T[]): T;
}

/** The choices of a seed: `chanceFrom(new HandClock(seed))`. */
export function chanceFrom(clock: { random(): number }): Chance {
  const pick = (n: number) => Math.floor(clock.random() * n);
  return { chance: () => clock.random(), pick, oneOf: (choices) => choices[pick(choices.length)] as never };
}

/** One to four queries, to be watched together. */
export function randomQueries(chance: Chance): ModelQuery[] {
  const queries = new Set<ModelQuery>();
  for (let left = 1 + chance.pick(4); left > 0; left--) queries.add(chance.oneOf(QUERIES));
  return [...queries];
}

/** A batch of changes to items that there are, or were, or are not yet. */
export function randomMutation(chance: Chance, uid: number): MutationArgs {
  const count = chance.oneOf([1, 1, 1, 2, 3, 5]);
  const ops = Array.from({ length: count }, (_, i): Op => {
    const kind =
      i === 0 && chance.chance() < 0.6 ? "add" : chance.oneOf(["move", "move", "bump", "remove", "toggle"] as const);
    return {
      kind,
      id: kind === "add" ? uid : Math.max(1, uid - chance.pick(6)),
      list: chance.oneOf(LISTS),
      rank: chance.pick(5),
      savepoint: chance.oneOf(["none", "none", "kept", "thrown"] as const),
    };
  });
  return { uid, ops, fails: chance.chance() < 0.1 };
}
