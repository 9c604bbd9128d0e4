import { encodeErrorAnswer, encodeValueAnswer } from "../../protocol/encode.ts";
import type { WireError } from "../../protocol/outcome.ts";
import { hashText } from "../../values/hash.ts";
import { findList } from "../../values/list-hash.ts";
import { toWire } from "../../values/wire.ts";
import type { Answer, ErrorAnswer, ValueAnswer } from "./answer.ts";
import { checkResultSize } from "./encode-result.ts";
import { ListAnswer } from "./list-answer.ts";
import { joinList, lengthOf, listText } from "./list-text.ts";

/**
 * Serialises a result, once for all clients.
 * @param previous The live query's answer before: returned itself when its list is the same, otherwise the base of a
 * patch.
 * @throws {ValueError} when the value cannot travel, {RangeError} when it is larger than `maxBytes`.
 */
export function encodeAnswer(
  liveId: number,
  path: string,
  value: unknown,
  maxBytes: number,
  previous?: Answer,
): ValueAnswer {
  const wire = toWire(value);
  const found = findList(wire);
  if (!found) {
    const text = JSON.stringify(wire);
    checkResultSize(path, maxBytes, text.length, () => text);
    return plainAnswer(liveId, text);
  }
  const list = listText(wire, found);
  checkResultSize(path, maxBytes, lengthOf(list), () => joinList(list));
  const answer = ListAnswer.of(liveId, list, previous instanceof ListAnswer ? previous : undefined);
  return answer ?? plainAnswer(liveId, joinList(list));
}

export function encodeError(liveId: number, error: WireError, isRetryable: boolean): ErrorAnswer {
  return { ok: false, error, isRetryable, text: encodeErrorAnswer(liveId, error) };
}

/** An answer that is always sent whole. */
function plainAnswer(liveId: number, valueText: string): ValueAnswer {
  const hash = hashText(valueText);
  const text = encodeValueAnswer(liveId, hash, valueText);
  return { ok: true, valueText, hash, text, since: () => undefined };
}
