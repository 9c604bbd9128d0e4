import type { Invalidation } from "./invalidation.ts";

/** The parsed arguments of one live query by name, each as a text that is equal for equal values only. */
export type ArgumentTexts = ReadonlyMap<string, string>;

/** Something that an invalidation can touch. */
export interface Indexed {
  readonly path: string;
  readonly argumentTexts: ArgumentTexts;
}

/**
 * Finds what an invalidation touches without looking at anything else: the cost is that of the smallest set that one
 * of its arguments names, however many live queries there are.
 *
 * Not here: what being touched means (see `LiveQueries`).
 */
export class ArgumentIndex<Item extends Indexed> {
  readonly #all = new Map<string, Set<Item>>();
  /** Path and one argument (`name`, its text) → the items that have it. */
  readonly #byArgument = new Map<string, Set<Item>>();

  add(item: Item): void {
    put(this.#all, item.path, item);
    for (const [name, text] of item.argumentTexts) put(this.#byArgument, argumentKey(item.path, name, text), item);
  }

  delete(item: Item): void {
    remove(this.#all, item.path, item);
    for (const [name, text] of item.argumentTexts) remove(this.#byArgument, argumentKey(item.path, name, text), item);
  }

  /** Every item of that path whose arguments equal the invalidation's on each argument it gives. */
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

/** Does a live query with these arguments answer a question that the invalidation names? */
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
