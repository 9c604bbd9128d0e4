import { ValueError } from "./errors.ts";

/**
 * The wire form of a value: plain JSON, in which an object with the single key `$t` stands for a value that JSON does not
 * have: `{"$t":["date",0]}`. An object of the author's that has the key `$t` travels as `{"$t":["object", …]}`.
 */
export type Wire = null | boolean | number | string | Wire[] | { [key: string]: Wire };

/** How deep a value may be nested. Checked before each step down. */
export const MAX_DEPTH = 64;

const TAG = "$t";
/** How many digits a `bigint` may have: the time to read one grows with their square. */
const MAX_DIGITS = 4096;
const DIGITS = new RegExp(`^-?\\d{1,${MAX_DIGITS}}$`);
/** Keys whose assignment changes an object's prototype. They never travel. */
export const FORBIDDEN_KEYS: ReadonlySet<unknown> = new Set(["__proto__", "constructor", "prototype"]);
/** The numbers that JSON does not have, as JavaScript prints them. */
const NUMBERS: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity", "-0"]);

/**
 * Turns a value into its wire form. Plain JSON data is returned as it is, without a copy.
 *
 * Can travel: JSON, `Date`, `bigint`, `Uint8Array`, `Map`, `Set`, `undefined` in objects (the key is left out), `NaN`,
 * `±Infinity`, `-0`.
 * @throws {ValueError} for anything else (class instances, functions, symbols, cycles, more than 64 levels), with its path.
 */
export function toWire(value: unknown): Wire {
  return write(value, 0);
}

/**
 * Turns a wire form back into the value.
 * @throws {ValueError} when the tags are malformed, a key is forbidden, or it is nested more than 64 levels deep.
 */
export function fromWire(wire: Wire): unknown {
  return read(wire, 0);
}

/** The same with a lower limit of depth. A function of its own, so that it is not in the browser's bundle. */
export function fromWireWithin(levels: number, wire: Wire): unknown {
  try {
    return read(wire, MAX_DEPTH - levels);
  } catch (error) {
    const isTooDeep = error instanceof ValueError && error.problem === tooDeep(MAX_DEPTH);
    throw isTooDeep ? new ValueError(error.path, tooDeep(levels)) : error;
  }
}

/** Is it a plain object, of no class? */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Turns a part of a value, which is `depth` levels deep, into its wire form or back. */
type Step = (part: never, depth: number, at: string | number) => unknown;

/** A kind of value that JSON does not have: how it becomes the body behind its tag, and how the body becomes it. */
interface Tag {
  readonly is: (value: unknown) => boolean;
  readonly write: (value: never, depth: number) => unknown;
  readonly isBody: (body: unknown) => boolean;
  readonly read: (body: never, depth: number) => unknown;
}

const TAGS: ReadonlyMap<string, Tag> = new Map(
  Object.entries<Tag>({
    date: {
      is: (value) => value instanceof Date,
      write: (value: Date) => (Number.isNaN(value.getTime()) ? null : value.getTime()),
      isBody: (body) => body === null || typeof body === "number",
      read: (body: number | null) => new Date(body ?? Number.NaN),
    },
    undefined: {
      is: (value) => value === undefined,
      write: () => undefined,
      isBody: () => true,
      read: () => undefined,
    },
    number: {
      is: (value) => typeof value === "number",
      write: (value: number) => (value === 0 ? "-0" : String(value)),
      isBody: (body) => NUMBERS.has(body),
      read: Number,
    },
    bigint: {
      is: (value) => typeof value === "bigint" && DIGITS.test(String(value)),
      write: String,
      isBody: (body) => typeof body === "string" && DIGITS.test(body),
      read: BigInt,
    },
    bytes: {
      is: (value) => value instanceof Uint8Array,
      write: toBase64,
      isBody: (body) => typeof body === "string",
      read: fromBase64,
    },
    set: {
      is: (value) => value instanceof Set,
      write: (value: Set<unknown>, depth) => each([...value], depth + 2, writeAt),
      isBody: Array.isArray,
      read: (body: Wire[], depth) => new Set(each(body, depth + 2, read)),
    },
    map: {
      is: (value) => value instanceof Map,
      write: (value: Map<unknown, unknown>, depth) => each([...value], depth + 1, writeAt),
      isBody: isPairs,
      read: (body: [Wire, Wire][], depth) => new Map(each(body, depth + 1, read) as [unknown, unknown][]),
    },
    /** An object of the author's that has the key of the tags. */
    object: {
      is: isRecord,
      // Sorted here, as canonical text sorts the keys of objects only, and this is an array.
      write: (value: Record<string, Wire>) => Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)),
      isBody: (body) => isPairs(body) && body.every(([key]) => typeof key === "string"),
      read: (body: [string, Wire][], depth) => each(Object.fromEntries(body), depth + 1, read),
    },
  }),
);

function write(value: unknown, depth: number): Wire {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0)) return value;
  const isPlain = Array.isArray(value) || isRecord(value);
  const written = isPlain ? each(value, depth + 1, writeAt) : value;
  if (isPlain && !(TAG in (written as object))) return written as Wire;
  for (const [name, tag] of TAGS) {
    if (!tag.is(written)) continue;
    const body = tag.write(written as never, depth) as Wire | undefined;
    return { [TAG]: body === undefined ? [name] : [name, body] };
  }
  throw new ValueError([], `is ${described(value)}, which cannot travel`);
}

function read(wire: Wire, depth: number): unknown {
  if (typeof wire !== "object" || wire === null) return wire;
  if (Array.isArray(wire) || !Object.hasOwn(wire, TAG)) return each(wire, depth + 1, read);
  const [name, body] = Array.isArray(wire[TAG]) ? wire[TAG] : [];
  const tag = TAGS.get(name as string);
  if (tag?.isBody(body)) return tag.read(body as never, depth);
  throw unknownTag();
}

/** Adds the part's key to the path of a `ValueError` on its way out. */
function writeAt(value: unknown, depth: number, at: string | number): Wire {
  try {
    return write(value, depth);
  } catch (error) {
    throw error instanceof ValueError ? new ValueError([at, ...error.path], error.problem) : error;
  }
}

/** The list or record after `step` for each of its parts. Copied at the first part that changes: plain data is not copied. */
function each<Whole extends unknown[] | Record<string, unknown>>(whole: Whole, depth: number, step: Step): Whole {
  if (depth > MAX_DEPTH) throw new ValueError([], tooDeep(MAX_DEPTH));
  return (Array.isArray(whole) ? eachItem(whole, depth, step) : eachEntry(whole, depth, step)) as Whole;
}

function eachItem(list: unknown[], depth: number, step: Step): unknown[] {
  let copy: unknown[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const item = step(list[i] as never, depth, i);
    if (item === list[i]) continue;
    copy ??= [...list];
    copy[i] = item;
  }
  return copy ?? list;
}

/** Keys that hold `undefined` are left out. */
function eachEntry(record: Record<string, unknown>, depth: number, step: Step): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(record)) {
    if (FORBIDDEN_KEYS.has(key)) throw new ValueError([key], "has a name that cannot travel");
    const before = record[key];
    const item = before === undefined ? undefined : step(before as never, depth, key);
    if (item !== undefined && item === before) continue;
    copy ??= { ...record };
    if (item === undefined) delete copy[key];
    else copy[key] = item;
  }
  return copy ?? record;
}

function tooDeep(levels: number): string {
  return `is nested deeper than ${levels} levels (or is a cycle)`;
}

function isPairs(body: unknown): body is [Wire, Wire][] {
  return Array.isArray(body) && body.every((entry) => Array.isArray(entry) && entry.length === 2);
}

function unknownTag(): ValueError {
  return new ValueError([TAG], "is not a tag this version knows");
}

function described(value: unknown): string {
  if (typeof value === "bigint") return `a bigint of more than ${MAX_DIGITS} digits`;
  if (typeof value !== "object") return `a ${typeof value}`;
  return `an instance of ${Object.getPrototypeOf(value).constructor?.name || "a class"}`;
}

function toBase64(bytes: Uint8Array): string {
  return btoa(bytes.reduce((binary, byte) => binary + String.fromCharCode(byte), ""));
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw unknownTag();
  }
}
