import { isRecord, toWire, type Wire } from "./wire.ts";

/**
 * A text that is the same for equal values: keys are sorted, and a key that holds `undefined` is left out. Query keys
 * and invalidations are compared by this text.
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
