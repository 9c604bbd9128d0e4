import type { RegisteredFunction } from "../../functions/define.ts";
import { editsBetween } from "./edits-between.ts";

/** Of a longer name nothing is near. */
const LONGEST_NAME = 200;

/**
 * The path among these that is most like a name that is none: one slip of the keys in three letters at most, or the same
 * letters with other marks between them (`api.messages.send`).
 */
export function nearestFunction(
  name: string,
  functions: ReadonlyMap<string, RegisteredFunction>,
): [path: string, fn: RegisteredFunction] | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const asked = lettersOf(name);
  let nearest: [string, RegisteredFunction] | undefined;
  let fewest = Math.max(2, Math.floor(asked.length / 3)) + 1;
  for (const [path, fn] of functions) {
    const letters = lettersOf(path);
    if (Math.abs(letters.length - asked.length) >= fewest) continue;
    const slips = editsBetween(asked, letters);
    if (slips >= fewest) continue;
    fewest = slips;
    nearest = [path, fn];
  }
  return nearest;
}

/** `api.messages.send`, `messages/send` and `messages:send` have the same. */
function lettersOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/^(api|internal)\./, "")
    .replace(/[.:/\\]+/g, ":");
}
