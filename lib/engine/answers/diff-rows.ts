import type { Splice } from "../../values/result-list.ts";

/**
 * What makes one list of texts of another: as few rows as there can be leave and come, and a row that moves does both.
 * A row of `after` that is one of `before` is replaced by that very string, so that two lists hold it once.
 * @returns Splices in ascending order that do not touch one another; `at` counts in `before`.
 */
export function diffRows(before: readonly string[], after: string[]): Splice<string>[] {
  const shortest = Math.min(before.length, after.length);
  let start = 0;
  while (start < shortest && before[start] === after[start]) start = keep(before, start, after, start) + 1;
  let same = 0;
  while (same < shortest - start && before.at(-1 - same) === after.at(-1 - same)) {
    keep(before, before.length - 1 - same, after, after.length - 1 - same);
    same++;
  }
  const splices: Splice<string>[] = [];
  let from = start;
  let at = start;
  const stay = [...staying(before, after, start, same), [before.length - same, after.length - same] as const];
  for (const [old, now] of stay) {
    if (old > at || now > from) splices.push({ at, removed: old - at, rows: after.slice(from, now) });
    at = old + 1;
    from = now + 1;
  }
  return splices;
}

function keep(before: readonly string[], old: number, after: string[], now: number): number {
  after[now] = before[old] as string;
  return now;
}

/** The most rows that are in both and in the same order, as places in `before` and `after`; ends aside. */
function staying(
  before: readonly string[],
  after: string[],
  start: number,
  same: number,
): [old: number, now: number][] {
  const end = before.length - same;
  if (start >= end || start >= after.length - same) return [];
  let places: Map<string, number> | undefined;
  const both: [old: number, now: number][] = [];
  let last = start - 1;
  let isAscending = true;
  for (let now = start; now < after.length - same; now++) {
    // Most rows follow the one they followed before: those need no search, which would hash their text.
    let old: number | undefined = last + 1;
    if (old >= end || before[old] !== after[now]) {
      places ??= placesOf(before, start, end);
      old = places.get(after[now] as string);
    }
    if (old === undefined) continue;
    isAscending &&= old > last;
    keep(before, old, after, now);
    last = old;
    both.push([old, now]);
  }
  return isAscending ? both : longestAscent(both);
}

function placesOf(before: readonly string[], start: number, end: number): Map<string, number> {
  const places = new Map<string, number>();
  for (let old = start; old < end; old++) places.set(before[old] as string, old);
  return places;
}

/** The longest part that ascends in `old`, by patience sorting: O(n log n). */
function longestAscent(pairs: readonly [old: number, now: number][]): [old: number, now: number][] {
  /** By length: the end, as a place in `pairs`, of the ascent of that length that ends lowest. */
  const ends: number[] = [];
  const previous: number[] = [];
  pairs.forEach(([old], i) => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[ends[middle] as number]?.[0] as number) < old) low = middle + 1;
      else high = middle;
    }
    previous[i] = low > 0 ? (ends[low - 1] as number) : -1;
    ends[low] = i;
  });
  const ascent: [old: number, now: number][] = [];
  for (let i = ends.at(-1) ?? -1; i >= 0; i = previous[i] as number) ascent.push(pairs[i] as [number, number]);
  return ascent.reverse();
}
