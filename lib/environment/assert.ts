/** The framework's own code has broken a promise. Never thrown for what an application or a peer did. */
export class BrokenPromiseError extends Error {
  override name = "BrokenPromiseError";
}

/** @param promise What the framework's own code promised. @throws {BrokenPromiseError} unless `condition` holds. */
export function assert(condition: unknown, promise: string): asserts condition {
  if (!condition) throw new BrokenPromiseError(promise);
}

/** @returns `value`, of which the framework's own code promised that it is there. @throws {BrokenPromiseError} */
export function must<T>(value: T | null | undefined, promise: string): T {
  assert(value !== undefined && value !== null, promise);
  return value;
}
