import { ValueError } from "./errors.ts";
import { MAX_DEPTH } from "./value-limits.ts";

/**
 * The wire form of a value: plain JSON, in which an object with the single key `$t` stands for a value that JSON does not
 * have: `{"$t":["date",0]}`. An object of the author's that has the key `$t` or `__proto__` travels as its entries:
 * `{"$t":["object",[["__proto__",1]]]}`.
 */
export type Wire = null | boolean | number | string | Wire[] | { [key: string]: Wire };

const TAG = "$t";
/** A `bigint` may have 4096 digits: the time to read one grows with their square. */
const DIGITS = /^-?\d{1,4096}$/;
/** To assign to this key may change an object's prototype: an object that has it never travels as one. */
const PROTO = "__proto__";
/** The numbers that JSON does not have, as JavaScript prints them. */
const NUMBERS: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity", "-0"]);

/** Is it a plain object, of no class? */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Turns a part of a value, which is `depth` levels deep, into its wire form or back. */
type Step = (part: never, depth: number, at: string | number) => unknown;

/** A kind of value that JSON does not have: how it becomes the body behind its tag, and how the body becomes it. */
type Tag = readonly [
  is: (value: unknown) => boolean,
  write: (value: never, depth: number) => unknown,
  isBody: (body: unknown) => boolean,
  read: (body: never, depth: number) => unknown,
];

const TAGS: ReadonlyMap<string, Tag> = new Map(
  Object.entries<Tag>({
    date: [
      (value) => value instanceof Date,
      (value: Date) => (Number.isNaN(value.getTime()) ? null : value.getTime()),
      (body) => body === null || typeof body === "number",
      (body: number | null) => new Date(body ?? Number.NaN),
    ],
    undefined: [(value) => value === undefined, () => undefined, () => true, () => undefined],
    number: [
      (value) => typeof value === "number",
      (value: number) => (value === 0 ? "-0" : String(value)),
      (body) => NUMBERS.has(body),
      Number,
    ],
    bigint: [
      (value) => typeof value === "bigint" && DIGITS.test(String(value)),
      String,
      (body) => typeof body === "string" && DIGITS.test(body),
      BigInt,
    ],
    bytes: [
      (value) => value instanceof Uint8Array,
      (value: Uint8Array) => btoa(value.reduce((binary, byte) => binary + String.fromCharCode(byte), "")),
      (body) => typeof body === "string",
      fromBase64,
    ],
    set: [
      (value) => value instanceof Set,
      (value: Set<unknown>, depth) => each([...value], depth + 2, writeAt),
      Array.isArray,
      (body: Wire[], depth) => new Set(each(body, depth + 2, fromWire)),
    ],
    map: [
      (value) => value instanceof Map,
      (value: Map<unknown, unknown>, depth) => each([...value], depth + 1, writeAt),
      isPairs,
      (body: [Wire, Wire][], depth) => new Map(each(body, depth + 1, fromWire) as [unknown, unknown][]),
    ],
    /** An object of the author's that has a key which no object on the wire has. */
    object: [
      isRecord,
      // Sorted here, as canonical text sorts the keys of objects only, and this is an array.
      (value: Record<string, Wire>) => Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)),
      (body) => isPairs(body) && body.every(([key]) => typeof key === "string"),
      (body: [string, Wire][], depth) => each(Object.fromEntries(body), depth + 1, fromWire),
    ],
  }),
);

/**
 * Turns a value into its wire form. Plain JSON data is returned as it is, without a copy.
 *
 * Can travel: JSON, `Date`, `bigint`, `Uint8Array`, `Map`, `Set`, `undefined` in objects (the key is left out), `NaN`,
 * `±Infinity`, `-0`.
 * @param depth At how many levels it is in another value.
 * @throws {ValueError} for anything else (class instances, functions, symbols, cycles, more than 64 levels), with its path.
 */
export function toWire(value: unknown, depth = 0): Wire {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (Number.isFinite(value) && !Object.is(value, -0)) return value as number;
  const isPlain = Array.isArray(value) || isRecord(value);
  const written = isPlain ? each(value, depth + 1, writeAt) : value;
  if (isPlain && !Object.hasOwn(written as object, TAG) && !Object.hasOwn(written as object, PROTO))
    return written as Wire;
  for (const [name, [is, write]] of TAGS) {
    if (!is(written)) continue;
    const body = write(written as never, depth) as Wire | undefined;
    return { [TAG]: body === undefined ? [name] : [name, body] };
  }
  throw new ValueError([], `is ${described(value)}, which cannot travel`);
}

/**
 * Turns a wire form back into the value.
 * @param depth At how many levels it is in another one.
 * @throws {ValueError} when the tags are malformed, an object has the key `__proto__`, or it is nested more than 64 levels deep.
 */
export function fromWire(wire: Wire, depth = 0): unknown {
  if (typeof wire !== "object" || wire === null) return wire;
  if (Object.hasOwn(wire, PROTO)) throw unreadable(PROTO);
  if (Array.isArray(wire) || !Object.hasOwn(wire, TAG)) return each(wire, depth + 1, fromWire);
  const [name, body] = Array.isArray(wire[TAG]) ? wire[TAG] : [];
  const [, , isBody, readBody] = TAGS.get(name as string) ?? [];
  if (isBody?.(body)) return readBody?.(body as never, depth);
  throw unreadable(TAG);
}

/** The same with a lower limit of depth. A function of its own, so that it is not in the browser's bundle. */
export function fromWireWithin(levels: number, wire: Wire): unknown {
  try {
    return fromWire(wire, MAX_DEPTH - levels);
  } catch (error) {
    const isTooDeep = error instanceof ValueError && error.problem === tooDeep(MAX_DEPTH);
    throw isTooDeep ? new ValueError(error.path, tooDeep(levels)) : error;
  }
}

/** Adds the part's key to the path of a `ValueError` on its way out. */
function writeAt(value: unknown, depth: number, at: string | number): Wire {
  try {
    return toWire(value, depth);
  } catch (error) {
    throw error instanceof ValueError ? new ValueError([at, ...error.path], error.problem) : error;
  }
}

/**
 * The list or record after `step` for each of its parts. Copied at the first part that changes: plain data is not copied.
 * Keys that hold `undefined` are left out of a record. Only what the copy has is assigned to: `__proto__` too is a key then.
 */
function each<Whole extends unknown[] | Record<string, unknown>>(whole: Whole, depth: number, step: Step): Whole {
  if (depth > MAX_DEPTH) throw new ValueError([], tooDeep(MAX_DEPTH));
  const isList = Array.isArray(whole);
  const parts = whole as Record<string | number, unknown>;
  let copy: typeof parts | undefined;
  for (const at of isList ? whole.keys() : Object.keys(whole)) {
    const before = parts[at];
    const isLeftOut = before === undefined && !isList;
    const part = isLeftOut ? undefined : step(before as never, depth, at);
    if (part === before && !isLeftOut) continue;
    copy ??= (isList ? [...whole] : { ...whole }) as typeof parts;
    if (part === undefined && !isList) delete copy[at];
    else copy[at] = part;
  }
  return (copy ?? whole) as Whole;
}

function tooDeep(levels: number): string {
  return `is nested deeper than ${levels} levels (or is a cycle)`;
}

function isPairs(body: unknown): body is [Wire, Wire][] {
  return Array.isArray(body) && body.every((entry) => Array.isArray(entry) && entry.length === 2);
}

function unreadable(key: string): ValueError {
  return new ValueError([key], "is not known here");
}

function described(value: unknown): string {
  if (typeof value === "bigint") return "a bigint of more than 4096 digits";
  if (typeof value !== "object") return `a ${typeof value}`;
  return `an instance of ${Object.getPrototypeOf(value).constructor?.name || "a class"}`;
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw unreadable(TAG);
  }
}
