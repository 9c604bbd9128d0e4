/**
 * `next`, with every part that equals its counterpart in `previous` replaced by that very object, so that what did not
 * change keeps its identity; equal means the same wire text. Rows of a list are matched by their `id` or `_id`, otherwise by place.
 * Returns `previous` itself when both are equal, `next` itself when they have no part in common. Changes neither.
 */
export function share<T>(previous: unknown, next: T): T {
  if (Object.is(previous, next)) return next;
  if (typeof previous !== "object" || typeof next !== "object" || previous === null || next === null) return next;
  if (Array.isArray(previous) && Array.isArray(next)) return shareArray(previous, next) as T;
  if (isRecord(previous) && isRecord(next)) return shareRecord(previous, next) as T;
  return sameSpecial(previous, next) ? (previous as T) : next;
}

function shareArray(previous: unknown[], next: unknown[]): unknown[] {
  const byKey = new Map<unknown, unknown>();
  for (const row of previous) byKey.set(rowKey(row), row);
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

/** Dates, bytes, maps and sets are kept or replaced whole. */
function sameSpecial(previous: object, next: object): boolean {
  if (previous instanceof Date && next instanceof Date) return Object.is(previous.getTime(), next.getTime());
  if (previous instanceof Uint8Array && next instanceof Uint8Array) return isSame(previous, next);
  if (previous instanceof Map && next instanceof Map) return sameItems([...previous], [...next]);
  if (previous instanceof Set && next instanceof Set) return sameItems([...previous], [...next]);
  return false;
}

function sameItems(previous: unknown[], next: unknown[]): boolean {
  return shareArray(previous, next) === previous;
}

function rowKey(row: unknown): unknown {
  if (typeof row !== "object" || row === null) return undefined;
  const key = (row as { id?: unknown }).id ?? (row as { _id?: unknown })._id;
  return typeof key === "string" || typeof key === "number" || typeof key === "bigint" ? key : undefined;
}

function isRecord(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
