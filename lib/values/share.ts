import { isRecord } from "./wire.ts";

/**
 * Replaces every part of `next` that equals its counterpart in `previous` by that object, so that unchanged parts keep
 * their identity. Equal means the same wire text. Rows of a list are matched by `id` or `_id`, others by their index.
 * @returns `previous` when both are equal, `next` when they have no part in common. Changes neither.
 */
export function share<T>(previous: unknown, next: T): T {
  if (Object.is(previous, next)) return next;
  if (Array.isArray(previous) && Array.isArray(next)) return shareArray(previous, next) as T;
  if (isRecord(previous) && isRecord(next)) return shareRecord(previous, next) as T;
  if (previous instanceof Uint8Array && next instanceof Uint8Array)
    return isSame(previous, next) ? (previous as T) : next;
  const before = partsOf(previous);
  return before && share(before, partsOf(next)) === before ? (previous as T) : next;
}

type List = readonly unknown[] | Uint8Array;

function shareArray(previous: unknown[], next: unknown[]): unknown[] {
  const byKey = new Map(previous.map((row) => [rowKey(row), row]));
  const shared = next.map((row, i) => {
    const key = rowKey(row);
    // The row at the same index first: rows of a join may have the same id.
    const inPlace = key === undefined || Object.is(rowKey(previous[i]), key);
    return share(inPlace ? previous[i] : byKey.get(key), row);
  });
  return isSame(shared, previous) ? previous : isSame(shared, next) ? next : shared;
}

function shareRecord(previous: Record<string, unknown>, next: Record<string, unknown>): Record<string, unknown> {
  const keys = Object.keys(next);
  const shared = keys.map((key) => share(Object.hasOwn(previous, key) && previous[key], next[key]));
  // The order of keys counts as well: the wire text of what is kept has to be that of `next`, byte for byte.
  if (isSame(keys, Object.keys(previous)) && isSame(shared, Object.values(previous))) return previous;
  if (isSame(shared, Object.values(next))) return next;
  return Object.fromEntries(keys.map((key, i) => [key, shared[i]]));
}

/** Have both the same parts, one by one? */
export function isSame(some: List, others: List): boolean {
  return some.length === others.length && some.every((part: unknown, i) => Object.is(part, others[i]));
}

/** What two dates, maps or sets are compared by: they are kept or replaced as a whole. */
function partsOf(value: unknown): unknown[] | undefined {
  if (value instanceof Date) return [Date, value.getTime()];
  if (value instanceof Map || value instanceof Set) return [value.constructor, ...value];
  return undefined;
}

function rowKey(row: unknown): unknown {
  const { id, _id } = (row ?? {}) as { id?: unknown; _id?: unknown };
  const key = id ?? _id;
  return typeof key === "object" ? undefined : key;
}
