import { resultToWire } from "./result-wire.ts";

/**
 * The result of a mutation or an action as wire text.
 * @throws {TypeError} when it cannot travel, {RangeError} when it is larger than `maxBytes`.
 */
export function encodeResult(path: string, value: unknown, maxBytes: number): string {
  const text = JSON.stringify(resultToWire(path, value));
  checkResultSize(path, maxBytes, text.length, () => text);
  return text;
}

/**
 * @param length Of the text, in UTF-16 units.
 * @param text Called only if the length does not tell enough.
 * @param largest What takes most of it. Called only if the result is too large.
 * @throws {RangeError} when the text of a result takes more than `maxBytes` bytes.
 */
export function checkResultSize(
  path: string,
  maxBytes: number,
  length: number,
  text: () => string,
  largest: () => string = () => "",
): void {
  // A UTF-16 unit takes at most three bytes: most texts need no exact count.
  if (length * 3 <= maxBytes) return;
  const bytes = Buffer.byteLength(text());
  if (bytes <= maxBytes) return;
  throw new RangeError(
    `${path} answered ${bytes} bytes; the limit is ${maxBytes}. Return fewer rows or fields.${largest()}`,
  );
}
