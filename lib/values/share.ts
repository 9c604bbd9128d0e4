import { isRecord } from "./wire.ts";

/**
 * `next`, with every part that equals its counterpart in `previous` replaced by that very object, so that what did not
 * change keeps its identity; equal means the same wire text. Rows of a list are matched by their `id` or `_id`, otherwise by place.
 * Returns `previous` itself when both are equal, `next` itself when they have no part in common. Changes neither.
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

function shareArray(previous: unknown[], next: unknown[]): unknown[] {
  const byKey = new Map(previous.map((row) => [rowKey(row), row]));
  const shared = next.map((row, i) => {
    const key = rowKey(row);
    // Its own place first: rows of a join may have the same id.
    const inPlace = key === undefined || Object.is(rowKey(previous[i]), key);
    return share(inPlace ? previous[i] : byKey.get(key), row);
  });
  return isSame(shared, previous) ? previous : isSame(shared, next) ? next : shared;
}

function shareRecord(previous: Record<string, unknown>, next: Record<string, unknown>): Record<string, unknown> {
  const keys = Object.keys(next);
  const shared = keys.map((key) => share(previous[key], next[key]));
  // In the same order too: the wire text of what is kept is that of `next`, byte for byte.
  if (isSame(keys, Object.keys(previous)) && isSame(shared, Object.values(previous))) return previous;
  if (isSame(shared, Object.values(next))) return next;
  return Object.fromEntries(keys.map((key, i) => [key, shared[i]]));
}

function isSame(some: ArrayLike<unknown>, others: ArrayLike<unknown>): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) if (!Object.is(some[i], others[i])) return false;
  return true;
}

/** Dates, maps and sets are kept or replaced whole: what tells one from another. */
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
