import { ValueError } from "../../values/errors.ts";
import { toWire, type Wire } from "../../values/wire.ts";

/**
 * The wire form of what a function has answered.
 * @throws {TypeError} when a part of it cannot travel: names the function, the part, and the row that it stands in.
 */
export function resultToWire(path: string, value: unknown): Wire {
  try {
    return toWire(value);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const part = error.path.length > 0 ? `"${shortened(error.path.join("."))}"` : "as a whole";
    const row = rowOf(value, error.path);
    throw new TypeError(
      `${path} answered what cannot travel: ${part} ${error.problem}.${row === undefined ? "" : ` It stands in ${row}.`} ` +
        "Return plain data in its place, or leave that row out.",
    );
  }
}

/** A row by its key, such as `the row with id 7`. Undefined if it has none. */
function nameOfRow(row: unknown): string | undefined {
  const { id, _id } = (row ?? {}) as { id?: unknown; _id?: unknown };
  const key = id ?? _id;
  const isNamed = typeof key === "string" || typeof key === "number" || typeof key === "bigint";
  return isNamed ? `the row with ${id === undefined ? "_id" : "id"} ${shortened(String(key))}` : undefined;
}

/** A sentence that names the largest of some rows. @param texts Their wire texts. */
export function largestRow(texts: readonly string[], rows: readonly Wire[]): string {
  const bytes = texts.map((text) => Buffer.byteLength(text));
  const most = bytes.reduce((one, other) => Math.max(one, other), 0);
  const at = bytes.indexOf(most);
  return ` The largest is ${nameOfRow(rows[at]) ?? `row ${at}`}, of ${most} bytes.`;
}

/** The row that a part of the value stands in: the first member of a list on the way to it that has a key. */
function rowOf(value: unknown, path: readonly (string | number)[]): string | undefined {
  let part = value;
  for (const at of path) {
    const isRow = Array.isArray(part);
    // What a map or a set holds is no property of it.
    part = (part as Record<string | number, unknown> | undefined)?.[at];
    const name = isRow ? nameOfRow(part) : undefined;
    if (name) return name;
  }
  return undefined;
}

/** Keys may be texts that people have written. */
function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
