import type { WireError } from "../protocol/outcome.ts";
import { hashText } from "../values/hash.ts";
import { toWire } from "../values/wire.ts";
import type { ErrorAnswer, ValueAnswer } from "./live-query.ts";

/**
 * Serialises a result, once for everybody.
 * @throws {ValueError} when the value cannot travel, {RangeError} when it is larger than `maxBytes`.
 */
export function valueAnswer(liveId: number, address: string, value: unknown, maxBytes: number): ValueAnswer {
  const valueText = JSON.stringify(toWire(value));
  // A UTF-16 unit takes at most three bytes: most texts need no exact count.
  if (valueText.length * 3 > maxBytes && Buffer.byteLength(valueText) > maxBytes) {
    throw new RangeError(
      `${address} answered ${Buffer.byteLength(valueText)} bytes; the limit is ${maxBytes}. Select fewer rows or columns.`,
    );
  }
  const hash = hashText(valueText);
  return { ok: true, valueText, hash, text: `{"live":${liveId},"hash":"${hash}","value":${valueText}}` };
}

export function errorAnswer(liveId: number, error: WireError): ErrorAnswer {
  return { ok: false, error, text: `{"live":${liveId},"error":${JSON.stringify(error)}}` };
}
