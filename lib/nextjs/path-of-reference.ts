import { pathOf } from "../functions/reference.ts";

/**
 * The path of the function that a reference names.
 * @param by The name of the calling function, for the message.
 * @throws {TypeError} for anything else: also for a text, which could come from a visitor.
 */
export function pathOfReference(by: string, reference: unknown): string {
  const path = pathOf(reference);
  if (path !== undefined) return path;
  const found = typeof reference === "string" ? `the text ${JSON.stringify(reference.slice(0, 80))}` : typeof reference;
  throw new TypeError(`${by}: expected a reference such as api.messages.list. Found ${found}.`);
}
