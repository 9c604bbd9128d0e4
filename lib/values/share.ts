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
  for (const row of previous) {
    const key = rowKey(row);
    if (key !== undefined) byKey.set(key, row);
  }
  let same = previous.length === next.length;
  let kept = false;
  const shared = next.map((row, i) => {
    const key = rowKey(row);
    // Its own place first: rows of a join may have the same id.
    const inPlace = key === undefined || Object.is(rowKey(previous[i]), key);
    const result = share(inPlace ? previous[i] : byKey.get(key), row);
    if (!Object.is(result, previous[i])) same = false;
    if (!Object.is(result, row)) kept = true;
    return result;
  });
  return same ? previous : kept ? shared : next;
}

function shareRecord(previous: Record<string, unknown>, next: Record<string, unknown>): Record<string, unknown> {
  const keys = Object.keys(next);
  const before = Object.keys(previous);
  let same = keys.length === before.length;
  let kept = false;
  const shared: Record<string, unknown> = {};
  keys.forEach((key, i) => {
    shared[key] = share(previous[key], next[key]);
    // In the same order too: the wire text of what is kept is that of `next`, byte for byte.
    if (before[i] !== key || !Object.is(shared[key], previous[key])) same = false;
    if (!Object.is(shared[key], next[key])) kept = true;
  });
  return same ? previous : kept ? shared : next;
}

/** Dates, bytes, maps and sets are kept or replaced whole. */
function sameSpecial(previous: object, next: object): boolean {
  if (previous instanceof Date && next instanceof Date) return Object.is(previous.getTime(), next.getTime());
  if (previous instanceof Uint8Array && next instanceof Uint8Array) {
    return previous.length === next.length && previous.every((byte, i) => byte === next[i]);
  }
  if (previous instanceof Map && next instanceof Map) return sameItems([...previous], [...next]);
  if (previous instanceof Set && next instanceof Set) return sameItems([...previous], [...next]);
  return false;
}

function sameItems(previous: unknown[], next: unknown[]): boolean {
  return previous.length === next.length && shareArray(previous, next) === previous;
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
