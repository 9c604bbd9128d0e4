import { isRecord, type Wire } from "./wire.ts";

/** A result that is patched by rows: a list, or an object with a list in it. */
export interface ListResult {
  /** The list's key in the result; none: the result is the list. */
  readonly key?: string | undefined;
  readonly rows: readonly Wire[];
}

/**
 * The list in a result, by a rule that both ends follow: the result itself, or the longest array among its fields, or the
 * first of several that are as long.
 */
export function findList(wire: Wire): ListResult | undefined {
  if (Array.isArray(wire)) return { rows: wire };
  // An array inside a tag of the wire form is not a list of the author's.
  if (!isRecord(wire) || "$t" in wire) return undefined;
  let found: ListResult | undefined;
  for (const [key, rows] of Object.entries(wire)) {
    if (Array.isArray(rows) && rows.length > (found?.rows.length ?? -1)) found = { key, rows };
  }
  return found;
}

/** A change of a list at one place: `removed` rows from `at` on are replaced by `rows`. */
export interface Splice<Row> {
  readonly at: number;
  readonly removed: number;
  readonly rows: readonly Row[];
}

/**
 * The list after these splices, copied once, however many there are.
 * @param splices In ascending order; `at` counts in `list`.
 */
export function spliced<Row>(list: readonly Row[], splices: readonly Splice<Row>[]): Row[] {
  let from = 0;
  const parts = splices.flatMap(({ at, removed, rows }) => {
    const before = list.slice(from, at);
    from = at + removed;
    return [before, rows];
  });
  return ([] as Row[]).concat(...parts, list.slice(from));
}
