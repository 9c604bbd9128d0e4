import { isRecord, toWire, type Wire } from "./wire.ts";

/**
 * A text that is the same for equal values: keys are sorted, and a key that holds `undefined` is left out. Query keys
 * and invalidations are compared by this text.
 * @throws {ValueError} when the value cannot travel.
 */
export function canonical(value: unknown): string {
  return sortedText(toWire(value));
}

/** The text of a wire form, the same in whatever order its keys stand. */
export function sortedText(wire: Wire): string {
  return JSON.stringify(wire, withSortedKeys);
}

function withSortedKeys(_key: string, wire: Wire): Wire {
  if (!isRecord(wire)) return wire;
  const keys = Object.keys(wire).sort();
  return Object.fromEntries(keys.map((key) => [key, wire[key] as Wire]));
}
