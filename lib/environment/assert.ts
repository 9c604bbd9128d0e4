/** A promise that our own code broke. Never thrown for what a user or a peer did. */
export class BrokenPromiseError extends Error {
  override name = "BrokenPromiseError";
}

/** Throws unless `condition` holds. The message says what our own code promised. */
export function assert(condition: unknown, promise: string): asserts condition {
  if (!condition) throw new BrokenPromiseError(promise);
}

/** Returns `value`, which our own code promised is there. */
export function must<T>(value: T | null | undefined, promise: string): T {
  assert(value !== undefined && value !== null, promise);
  return value;
}
