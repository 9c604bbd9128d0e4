import { encodePatch, encodeValueAnswer } from "../../protocol/encode.ts";
import { hasRepeatedRows, ListHash } from "../../values/list-hash.ts";
import type { EncodedAnswer, ValueAnswer } from "./answer.ts";
import { changeOf, joinList, type ListChange, type ListText, lengthOf, spliceTexts } from "./list-text.ts";

/** How many earlier lists are kept, for clients that have missed answers. Rows that did not change are held once. */
const EARLIER = 3;
/** A patch is sent if it takes at most this part of the whole answer's text. */
const WORTHWHILE = 3 / 4;

/** An earlier answer's list. */
interface Base {
  readonly hash: string;
  readonly list: ListText;
  /** The patch from it to the answer now: undefined until it is asked for, null when the whole answer is better. */
  told: EncodedAnswer | null | undefined;
}

/**
 * An answer with a list in it whose rows all differ. A client that has one of the earlier lists is sent a patch; the text
 * of the whole is not put together before it is needed.
 */
export class ListAnswer implements ValueAnswer {
  readonly ok = true;
  readonly hash: string;
  readonly #liveId: number;
  readonly #list: ListText;
  readonly #listHash: ListHash;
  readonly #earlier: Base[] = [];
  #valueText: string | undefined;
  #text: string | undefined;

  private constructor(liveId: number, list: ListText, listHash: ListHash) {
    this.#liveId = liveId;
    this.#list = list;
    this.#listHash = listHash;
    this.hash = listHash.text;
  }

  /**
   * @param previous The last answer of the same live query. Returned itself when it says the same.
   * @returns undefined when rows repeat: the hash of a list does not see their order.
   */
  static of(liveId: number, list: ListText, previous?: ListAnswer): ListAnswer | undefined {
    const change = previous && changeOf(previous.#list, list);
    if (change?.splices.length === 0 && change.around === undefined) return previous;
    const hash =
      previous && change
        ? previous.#listHash.spliced(change.splices, change.around)
        : ListHash.of(list.key, list.rows, list.head + list.tail);
    if (hasRepeatedRows(hash)) return undefined;
    const answer = new ListAnswer(liveId, list, hash);
    if (previous && change) answer.#follow(previous, change);
    return answer;
  }

  get valueText(): string {
    this.#valueText ??= joinList(this.#list);
    return this.#valueText;
  }

  get text(): string {
    this.#text ??= encodeValueAnswer(this.#liveId, this.hash, this.valueText);
    return this.#text;
  }

  since(hash: string): EncodedAnswer | undefined {
    const base = this.#earlier.find((earlier) => earlier.hash === hash);
    if (base?.told === undefined && base) base.told = this.#patch(base, changeOf(base.list, this.#list));
    return base?.told ?? undefined;
  }

  /** Keeps the answer before as a base, unless it has too little in common with this one. */
  #follow(previous: ListAnswer, change: ListChange): void {
    const base: Base = { hash: previous.hash, list: previous.#list, told: undefined };
    base.told = this.#patch(base, change);
    if (base.told === null) return;
    const older = previous.#earlier.map(({ hash, list }) => ({ hash, list, told: undefined }));
    this.#earlier.push(base, ...older.slice(0, EARLIER - 1));
  }

  #patch({ list }: Base, change: ListChange | undefined): EncodedAnswer | null {
    const text = change && encodePatch(this.#liveId, this.hash, spliceTexts(change, list.rows.length), change.around);
    return text !== undefined && text.length <= lengthOf(this.#list) * WORTHWHILE ? { text } : null;
  }
}
