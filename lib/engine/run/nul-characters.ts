import { BadRequestError } from "../../protocol/function-error.ts";
import { isRecord } from "../../values/wire.ts";

/**
 * Refuses arguments with the character U+0000 in a text or a key, which a database may be unable to hold: its error
 * would be told as the function's failure.
 * @throws {BadRequestError} that names the place.
 */
export function refuseNul(path: string, args: Record<string, unknown>): void {
  if (!hasNul(args)) return;
  const place = placeOfNul(args) ?? [];
  const message = "has the character U+0000, which PostgreSQL cannot hold in a text";
  throw new BadRequestError(`${path} does not accept these arguments. "${place.join(".")}" ${message}.`, [
    { path: place, message: `It ${message}.` },
  ]);
}

/** Asked for every call: it makes nothing on its way. */
function hasNul(value: unknown): boolean {
  if (typeof value === "string") return value.includes("\0");
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value) || value instanceof Set) {
    for (const part of value) if (hasNul(part)) return true;
  } else if (value instanceof Map) {
    for (const [key, part] of value) if (hasNul(key) || hasNul(part)) return true;
  } else if (isRecord(value)) {
    for (const key of Object.keys(value)) if (key.includes("\0") || hasNul(value[key])) return true;
  }
  return false;
}

/** The keys that lead to the first text with the character. A key that has it itself is shown without it. */
function placeOfNul(value: unknown): (string | number)[] | undefined {
  if (typeof value === "string") return value.includes("\0") ? [] : undefined;
  for (const [key, part] of partsOf(value)) {
    const shown = typeof key === "string" ? key.replaceAll("\0", "") : key;
    if (shown !== key) return [shown];
    const within = placeOfNul(part);
    if (within) return [shown, ...within];
  }
  return undefined;
}

/** What a value consists of: the parts of a map are its keys and values. */
function partsOf(value: unknown): Iterable<[string | number, unknown]> {
  if (Array.isArray(value)) return value.entries();
  if (value instanceof Set || value instanceof Map) return [...value].entries();
  return isRecord(value) ? Object.entries(value) : [];
}
