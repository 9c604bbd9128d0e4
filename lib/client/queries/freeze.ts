/**
 * In development, freezes a value, so that a change in place throws at its line. All of the page shares the values, and a
 * change in place would render none of it.
 */
export function freezeInDevelopment<T>(value: T): T {
  if (process.env.NODE_ENV !== "production") freeze(value);
  return value;
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}
