import { hashText, type Lanes, packLanes, textLanes } from "./hash.ts";
import { isRecord, type Wire } from "./wire.ts";

/** Rows that a list loses and gains at one place: `removed` of them from `at` on make way for `rows`, as wire text. */
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

/** The list in a result, so that both ends choose the same: the longest right in it, the first of those as long. */
export function findList(wire: Wire): ListResult | undefined {
  if (Array.isArray(wire)) return { key: undefined, rows: wire };
  // A tag of the wire form is no list to the author.
  if (!isRecord(wire) || "$t" in wire) return undefined;
  let found: ListResult | undefined;
  for (const [key, rows] of Object.entries(wire)) {
    if (Array.isArray(rows) && rows.length > (found?.rows.length ?? -1)) found = { key, rows };
  }
  return found;
}

/** What the list is after one splice. Longer lists than a call takes arguments are no trouble. */
export function splice<T>(list: readonly T[], at: number, removed: number, inserted: readonly T[]): T[] {
  return list.slice(0, at).concat(inserted, list.slice(at + removed));
}

/**
 * The hash of a result with a list of rows whose texts all differ, brought up to date at the cost of the rows that
 * change: it is made of the sum of what each row and the one before it hash to together, and of the hash of what is
 * around the list. Such pairs tell the order of rows that all differ, as each has one before it and one behind it. Where
 * rows repeat they would not: then the result's text is hashed as a whole.
 */
export class ListHash {
  /** Where the list is: see `ListResult`. */
  readonly key: string | undefined;
  /** Begins as the hash of a whole text never does. Always as long, so that what a patch costs does not vary. */
  readonly text: string;
  /** What each row's text hashes to, packed. */
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
   * @param around The wire text of the result, without rows in its list.
   */
  static of(key: string | undefined, rows: readonly string[], around: string): ListHash {
    return new ListHash(key, [], { low: 0, high: 0 }, "").spliced([{ at: 0, removed: 0, rows }], around);
  }

  /**
   * The hash after these splices.
   * @param splices In ascending order; each says where it was before all of them.
   * @param around As in `of`; left out: as it is.
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
    // With the key: it tells two lists of one result apart.
    const outside = around === undefined ? this.#around : packLanes(textLanes(JSON.stringify(this.key) + around));
    return new ListHash(this.key, rows, { low, high }, outside);
  }
}

/** Does any row stand in the list twice? Then the hash may be that of another order as well, and must not be used. */
export function hasRepeatedRows({ rows }: ListHash): boolean {
  return new Set(rows).size < rows.length;
}
