import { toWire } from "../../values/wire.ts";

/**
 * The result of a mutation or an action as wire text.
 * @throws {ValueError} when it cannot travel, {RangeError} when it is larger than `maxBytes`.
 */
export function encodeResult(path: string, value: unknown, maxBytes: number): string {
  const text = JSON.stringify(toWire(value));
  // A UTF-16 unit takes at most three bytes: most texts need no exact count.
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  throw new RangeError(`${path} answered more than ${maxBytes} bytes. Return less.`);
}
