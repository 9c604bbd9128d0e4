import { hashText, type Lanes, packLanes, textLanes } from "./hash.ts";
import { isRecord, type Wire } from "./wire.ts";

/** A change of a list at one place: `removed` rows from `at` on are replaced by `rows`, each as wire text. */
export interface RowSplice {
  readonly at: number;
  readonly removed: number;
  readonly rows: readonly string[];
}

/** A result that is patched by rows: a list, or an object with a list in it. */
export interface ListResult {
  /** The list's key in the result; undefined: the result is the list. */
  readonly key: string | undefined;
  readonly rows: readonly Wire[];
}

/**
 * The list in a result, by a rule that both ends follow: the result itself, or the longest array among its fields, or the
 * first of several that are as long.
 */
export function findList(wire: Wire): ListResult | undefined {
  if (Array.isArray(wire)) return { key: undefined, rows: wire };
  // An array inside a tag of the wire form is not a list of the author's.
  if (!isRecord(wire) || "$t" in wire) return undefined;
  let found: ListResult | undefined;
  for (const [key, rows] of Object.entries(wire)) {
    if (Array.isArray(rows) && rows.length > (found?.rows.length ?? -1)) found = { key, rows };
  }
  return found;
}

/** The list after one splice. Lists may be longer than the number of arguments that a call takes. */
export function splice<T>(list: readonly T[], at: number, removed: number, inserted: readonly T[]): T[] {
  return list.slice(0, at).concat(inserted, list.slice(at + removed));
}

/**
 * The hash of a result with a list of rows whose texts all differ. An update costs only the rows that change: the hash
 * is made of the sum of the hashes of all pairs of neighbours, and of the hash of what is around the list. As long as all
 * rows differ, the pairs determine their order. With repeated rows they do not: then the result's text is hashed as a
 * whole.
 */
export class ListHash {
  /** Where the list is: see `ListResult`. */
  readonly key: string | undefined;
  /** Begins with a character that the hash of a text does not have. Its length is fixed, and with it that of a patch. */
  readonly text: string;
  /** The hash of each row's text, packed. */
  readonly rows: readonly string[];
  /** The sum over all pairs of neighbours. */
  readonly #pairs: Lanes;
  readonly #around: string;

  private constructor(key: string | undefined, rows: readonly string[], pairs: Lanes, around: string) {
    this.key = key;
    this.rows = rows;
    this.#pairs = pairs;
    this.#around = around;
    this.text = `~${hashText(packLanes(pairs) + around).padStart(13, "0")}`;
  }

  /**
   * @param key Where the list is.
   * @param around The wire text of the result with an empty list.
   */
  static of(key: string | undefined, rows: readonly string[], around: string): ListHash {
    return new ListHash(key, [], { low: 0, high: 0 }, "").spliced([{ at: 0, removed: 0, rows }], around);
  }

  /**
   * The hash after these splices.
   * @param splices In ascending order; `at` counts in the list as it was before all of them.
   * @param around As in `of`. Default: unchanged.
   */
  spliced(splices: readonly RowSplice[], around?: string): ListHash {
    let rows = this.rows;
    let { low, high } = this.#pairs;
    const add = (first: number, last: number, sign: number) => {
      for (let i = first; i <= last; i++) {
        const pair = textLanes((rows[i - 1] ?? "") + (rows[i] ?? ""));
        low = (low + sign * pair.low) | 0;
        high = (high + sign * pair.high) | 0;
      }
    };
    for (const { at, removed, rows: texts } of [...splices].reverse()) {
      add(at, at + removed, -1);
      rows = splice(
        rows,
        at,
        removed,
        texts.map((text) => packLanes(textLanes(text))),
      );
      add(at, at + texts.length, 1);
    }
    // The key is hashed too: it tells two lists of one result apart.
    const outside = around === undefined ? this.#around : packLanes(textLanes(JSON.stringify(this.key) + around));
    return new ListHash(this.key, rows, { low, high }, outside);
  }
}

/** Is any row in the list twice? Then another order may have the same hash, and the hash must not be used. */
export function hasRepeatedRows({ rows }: ListHash): boolean {
  return new Set(rows).size < rows.length;
}
