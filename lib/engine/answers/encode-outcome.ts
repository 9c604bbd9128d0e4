import type { WireError } from "../../protocol/outcome.ts";
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

const SUCCESS = '{"ok":true,"value":';
const FAILURE = '{"ok":false,"error":';

/** The outcome of a mutation that has succeeded, as it is recorded. @param valueText Its result as wire text. */
export function encodeSuccess(valueText: string): string {
  return `${SUCCESS}${valueText}}`;
}

/** The outcome of a mutation that has failed, as it is recorded. */
export function encodeFailure(error: WireError): string {
  return `${FAILURE}${JSON.stringify(error)}}`;
}

/** The reply to a mutation, from its recorded outcome. */
export function encodeReply(request: number, outcome: string): string {
  const isSuccess = outcome.startsWith(SUCCESS);
  const rest = outcome.slice(isSuccess ? SUCCESS.length : FAILURE.length, -1);
  const [type, name] = isSuccess ? ["MutationSucceeded", "value"] : ["MutationFailed", "error"];
  return `{"type":"${type}","request":${request},"${name}":${rest}}`;
}
