import { isRecord, toWire, type Wire } from "./wire.ts";

/**
 * The same value always prints the same text: keys sorted, absent and `undefined` keys the same.
 * Query keys and invalidations are compared by this text.
 * @throws {ValueError} when the value cannot travel.
 */
export function canonical(value: unknown): string {
  return print(toWire(value));
}

function print(wire: Wire): string {
  if (Array.isArray(wire)) return `[${wire.map(print).join(",")}]`;
  if (!isRecord(wire)) return JSON.stringify(wire);
  const keys = Object.keys(wire).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${print(wire[key] as Wire)}`).join(",")}}`;
}
