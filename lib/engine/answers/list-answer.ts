import { encodePatch, encodeValueAnswer } from "../../protocol/encode.ts";
import { checkOf, hashText } from "../../values/hash.ts";
import { spliced } from "../../values/result-list.ts";
import type { EncodedAnswer, ValueAnswer } from "./answer.ts";
import type { AnswerTokens } from "./answer-tokens.ts";
import { changeOf, joinList, type ListChange, type ListText, lengthOf, spliceTexts } from "./list-text.ts";

/** How many earlier lists are kept, for clients that have missed answers. Rows that did not change are held once. */
const EARLIER = 3;
/** A patch is sent if it takes at most this part of the whole answer's text. */
const WORTHWHILE = 3 / 4;

/** An earlier answer's list. */
interface Base {
  readonly token: string;
  readonly list: ListText;
  /** The patch from it to the answer now: undefined until it is asked for, null when the whole answer is better. */
  told: EncodedAnswer | null | undefined;
}

/**
 * An answer with a list in it. A client that has one of the earlier lists is sent a patch; the text of the whole is not
 * kept before it is needed.
 */
export class ListAnswer implements ValueAnswer {
  readonly ok = true;
  readonly token: string;
  readonly size: number;
  readonly #liveId: number;
  readonly #list: ListText;
  /** The fingerprints of the rows, for the check of a patch. Made with the first patch, then brought up to date. */
  #rowHashes: readonly number[] | undefined;
  readonly #earlier: Base[] = [];
  #valueText: string | undefined;
  #text: string | undefined;

  private constructor(liveId: number, list: ListText, token: string) {
    this.#liveId = liveId;
    this.#list = list;
    this.token = token;
    this.size = lengthOf(list);
  }

  /** @param previous The last answer of the same live query. Returned itself when it says the same. */
  static of(liveId: number, list: ListText, tokens: AnswerTokens, previous?: ListAnswer): ListAnswer {
    const change = previous && changeOf(previous.#list, list);
    if (change?.splices.length === 0 && change.around === undefined) return previous as ListAnswer;
    const valueText = joinList(list);
    const answer = new ListAnswer(liveId, list, tokens.of(valueText));
    if (previous && change) answer.#follow(previous, change);
    // A first answer is sent whole.
    else answer.#valueText = valueText;
    return answer;
  }

  get valueText(): string {
    this.#valueText ??= joinList(this.#list);
    return this.#valueText;
  }

  get text(): string {
    this.#text ??= encodeValueAnswer(this.#liveId, this.token, this.valueText);
    return this.#text;
  }

  since(token: string): EncodedAnswer | undefined {
    const base = this.#earlier.find((earlier) => earlier.token === token);
    if (base?.told === undefined && base) base.told = this.#patch(base, changeOf(base.list, this.#list));
    return base?.told ?? undefined;
  }

  /** Keeps the answer before as a base, unless it has too little in common with this one. */
  #follow(previous: ListAnswer, change: ListChange): void {
    const hashes = previous.#rowHashes;
    if (hashes) {
      this.#rowHashes = spliced(
        hashes,
        change.splices.map((splice) => ({ ...splice, rows: splice.rows.map(hashText) })),
      );
    }
    const base: Base = { token: previous.token, list: previous.#list, told: undefined };
    base.told = this.#patch(base, change);
    if (base.told === null) return;
    const older = previous.#earlier.map(({ token, list }) => ({ token, list, told: undefined }));
    this.#earlier.push(base, ...older.slice(0, EARLIER - 1));
  }

  #patch({ list }: Base, change: ListChange | undefined): EncodedAnswer | null {
    if (change === undefined) return null;
    const splices = spliceTexts(change, list.rows.length);
    const text = encodePatch(this.#liveId, this.token, this.#check(), splices, change.around);
    return text.length <= this.size * WORTHWHILE ? { text, isPatch: true } : null;
  }

  #check(): string {
    const { rows, head, tail } = this.#list;
    this.#rowHashes ??= rows.map(hashText);
    return checkOf(this.#rowHashes, hashText(head + tail));
  }
}
