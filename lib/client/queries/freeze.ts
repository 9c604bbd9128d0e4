/**
 * In development, makes a change in place an error at the line that tries it: answers are shared by everything on the
 * page, and a change in place would reach none of it.
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
