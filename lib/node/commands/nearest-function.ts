import type { RegisteredFunction } from "../../functions/define.ts";

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
    const slips = distance(asked, letters);
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

/** How many letters must be put in, left out or replaced to make one text of the other (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
