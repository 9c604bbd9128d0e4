import { encodeErrorAnswer, encodeValueAnswer } from "../../protocol/encode.ts";
import type { WireError } from "../../protocol/outcome.ts";
import { findList } from "../../values/result-list.ts";
import type { Answer, ErrorAnswer, ValueAnswer } from "./answer.ts";
import type { AnswerTokens } from "./answer-tokens.ts";
import { checkResultSize } from "./encode-result.ts";
import { ListAnswer } from "./list-answer.ts";
import { joinList, lengthOf, listText } from "./list-text.ts";
import { largestRow, resultToWire } from "./result-wire.ts";

/**
 * Serialises a result, once for all clients.
 * @param previous The live query's answer before: returned itself when it says the same, otherwise the base of a patch.
 * @throws {TypeError} when the value cannot travel, {RangeError} when it is larger than `maxBytes`.
 */
export function encodeAnswer(
  liveId: number,
  path: string,
  value: unknown,
  maxBytes: number,
  tokens: AnswerTokens,
  previous?: Answer,
): ValueAnswer {
  const wire = resultToWire(path, value);
  const found = findList(wire);
  if (!found) {
    const text = JSON.stringify(wire);
    checkResultSize(path, maxBytes, text.length, () => text);
    const isSame = previous?.ok && !(previous instanceof ListAnswer) && previous.valueText === text;
    return isSame ? previous : new PlainAnswer(liveId, text, tokens);
  }
  const list = listText(wire, found);
  checkResultSize(
    path,
    maxBytes,
    lengthOf(list),
    () => joinList(list),
    () => largestRow(list.rows, found.rows),
  );
  return ListAnswer.of(liveId, list, tokens, previous instanceof ListAnswer ? previous : undefined);
}

export function encodeError(liveId: number, error: WireError, isRetryable: boolean): ErrorAnswer {
  const text = encodeErrorAnswer(liveId, error);
  return { ok: false, error, isRetryable, text, size: text.length };
}

/** An answer that is always sent whole. Its token and its text are made when they are asked for: calls need neither. */
class PlainAnswer implements ValueAnswer {
  readonly ok = true;
  readonly valueText: string;
  readonly size: number;
  readonly #liveId: number;
  readonly #tokens: AnswerTokens;
  #token: string | undefined;
  #text: string | undefined;

  constructor(liveId: number, valueText: string, tokens: AnswerTokens) {
    this.#liveId = liveId;
    this.valueText = valueText;
    this.size = valueText.length;
    this.#tokens = tokens;
  }

  get token(): string {
    this.#token ??= this.#tokens.of(this.valueText);
    return this.#token;
  }

  get text(): string {
    this.#text ??= encodeValueAnswer(this.#liveId, this.token, this.valueText);
    return this.#text;
  }

  since(): undefined {
    return undefined;
  }
}
