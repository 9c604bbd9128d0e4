import type { Invalidation } from "./invalidation.ts";

/** The parsed arguments of one live query by name, each as canonical text: equal for equal values only. */
export type ArgumentTexts = ReadonlyMap<string, string>;

/** What an invalidation can touch: a live query. */
export interface Indexed {
  readonly path: string;
  readonly argumentTexts: ArgumentTexts;
}

/**
 * Finds the live queries that an invalidation touches. The cost is the size of the smallest set that the path or one of
 * the arguments names, however many live queries there are.
 *
 * Not here: what becomes of them (see `LiveQueries`).
 */
export class ArgumentIndex<Item extends Indexed> {
  readonly #all = new Map<string, Set<Item>>();
  /** A path with one argument and its text → the items that have it. */
  readonly #byArgument = new Map<string, Set<Item>>();

  add(item: Item): void {
    put(this.#all, item.path, item);
    for (const [name, text] of item.argumentTexts) put(this.#byArgument, argumentKey(item.path, name, text), item);
  }

  delete(item: Item): void {
    remove(this.#all, item.path, item);
    for (const [name, text] of item.argumentTexts) remove(this.#byArgument, argumentKey(item.path, name, text), item);
  }

  /** Every item of the path whose arguments equal those of the invalidation. Arguments that it leaves out match any. */
  *touchedBy({ path, match }: Invalidation): Generator<Item> {
    const candidates = this.#smallest(path, match);
    for (const item of candidates ?? []) if (matches(item.argumentTexts, match)) yield item;
  }

  #smallest(path: string, match: ArgumentTexts): Set<Item> | undefined {
    let smallest = this.#all.get(path);
    for (const [name, text] of match) {
      const candidates = this.#byArgument.get(argumentKey(path, name, text));
      if (!candidates) return undefined;
      if (!smallest || candidates.size < smallest.size) smallest = candidates;
    }
    return smallest;
  }
}

/** Does an invalidation with the arguments `match` touch a live query with the arguments `args`? */
export function matches(args: ArgumentTexts, match: ArgumentTexts): boolean {
  for (const [name, text] of match) if (args.get(name) !== text) return false;
  return true;
}

function argumentKey(path: string, name: string, text: string): string {
  return JSON.stringify([path, name, text]);
}

function put<Item>(sets: Map<string, Set<Item>>, key: string, item: Item): void {
  const set = sets.get(key);
  if (set) set.add(item);
  else sets.set(key, new Set([item]));
}

function remove<Item>(sets: Map<string, Set<Item>>, key: string, item: Item): void {
  const set = sets.get(key);
  if (set?.delete(item) && set.size === 0) sets.delete(key);
}
