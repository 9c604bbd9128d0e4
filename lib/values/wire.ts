import { ValueError } from "./errors.ts";

/**
 * What a value looks like once it can travel: plain JSON, where an object with the single key `$t` stands for what
 * JSON cannot say: `{"$t":["date",0]}`. An author's own object that owns the key `$t` travels as `["object", …]`.
 */
export type Wire = null | boolean | number | string | Wire[] | { [key: string]: Wire };

/** How deep a value may be nested. Checked while walking, before anything recurses further. */
export const MAX_DEPTH = 64;

const TAG = "$t";
/** A `bigint` may have this many digits: reading one takes time that grows with their square. */
const MAX_DIGITS = 4096;
const DIGITS = new RegExp(`^-?\\d{1,${MAX_DIGITS}}$`);
/** Keys that reach into an object's prototype when they are assigned. They never travel. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
/** What JSON has no word for, as JavaScript prints it. */
const NUMBERS: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity", "-0"]);

/**
 * Turns a value into its wire form. Plain JSON data is returned as it is, without a copy.
 *
 * Travels: JSON, `Date`, `bigint`, `Uint8Array`, `Map`, `Set`, `undefined` in objects (the key is left out), `NaN`,
 * `±Infinity`, `-0`.
 * @throws {ValueError} for anything else (class instances, functions, symbols, cycles, more than 64 levels); it names the path.
 */
export function toWire(value: unknown): Wire {
  return write(value, [], 0);
}

/**
 * Turns a wire form back into the value.
 * @throws {ValueError} when the tags are malformed, a key is forbidden, or it is nested more than 64 levels deep.
 */
export function fromWire(wire: Wire): unknown {
  return read(wire, 0);
}

/** The same for what may be nested less deeply: a name of its own, so that a browser is not sent it. */
export function fromWireWithin(levels: number, wire: Wire): unknown {
  return read(wire, MAX_DEPTH - levels);
}

type Path = (string | number)[];

function write(value: unknown, path: Path, depth: number): Wire {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value) && !Object.is(value, -0)) return value;
      return tagged("number", Object.is(value, -0) ? "-0" : String(value));
    case "bigint":
      return tagged("bigint", writeBigint(value, path));
    case "undefined":
      return tagged("undefined");
    case "object":
      if (value === null) return null;
      if (depth >= MAX_DEPTH) throw new ValueError(path, `is nested deeper than ${MAX_DEPTH} levels (or is a cycle)`);
      return writeObject(value, path, depth + 1);
    default:
      throw new ValueError(path, `is a ${typeof value}, which cannot travel`);
  }
}

function tagged(...tag: Wire[]): Wire {
  return { [TAG]: tag };
}

function writeObject(value: object, path: Path, depth: number): Wire {
  if (Array.isArray(value)) return writeArray(value, path, depth);
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null)
    return writeRecord(value as Record<string, unknown>, path, depth);
  if (value instanceof Date) return tagged("date", Number.isNaN(value.getTime()) ? null : value.getTime());
  if (value instanceof Uint8Array) return tagged("bytes", toBase64(value));
  if (value instanceof Set) return tagged("set", writeArray([...value], path, depth + 1));
  if (value instanceof Map) {
    const entries = [...value].map((entry, i) => entry.map((part) => writeAt(i, part, path, depth + 1)));
    return tagged("map", entries);
  }
  throw new ValueError(path, `is an instance of ${prototype.constructor?.name || "a class"}, which cannot travel`);
}

function writeBigint(value: bigint, path: Path): string {
  const digits = value.toString();
  if (!DIGITS.test(digits)) throw new ValueError(path, `is a bigint of more than ${MAX_DIGITS} digits`);
  return digits;
}

function writeAt(key: string | number, value: unknown, path: Path, depth: number): Wire {
  path.push(key);
  const written = write(value, path, depth);
  path.pop();
  return written;
}

function writeArray(value: unknown[], path: Path, depth: number): Wire[] {
  return changedArray(value, (item, i) => writeAt(i, item, path, depth)) as Wire[];
}

function writeRecord(value: Record<string, unknown>, path: Path, depth: number): Wire {
  const record = changedRecord(value, path, (item, key) =>
    item === undefined ? undefined : writeAt(key, item, path, depth),
  ) as Record<string, Wire>;
  return TAG in record ? tagged("object", sortedEntries(record)) : record;
}

/** Copied as soon as an item is another: plain data stays what it is. */
function changedArray(list: unknown[], change: (item: unknown, i: number) => unknown): unknown[] {
  let copy: unknown[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const item = change(list[i], i);
    if (item === list[i]) continue;
    copy ??= [...list];
    copy[i] = item;
  }
  return copy ?? list;
}

/** The same for an object, without what is undefined. @throws {ValueError} for a key that may not travel. */
function changedRecord(
  record: Record<string, unknown>,
  path: Path,
  change: (item: unknown, key: string) => unknown,
): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(record)) {
    if (FORBIDDEN_KEYS.has(key)) throw new ValueError([...path, key], "has a name that cannot travel");
    const before = record[key];
    const item = change(before, key);
    if (item !== undefined && item === before) continue;
    copy ??= { ...record };
    if (item === undefined) delete copy[key];
    else copy[key] = item;
  }
  return copy ?? record;
}

/** Sorted, as canonical text needs them: it sorts the keys of objects, and sees an array here. */
function sortedEntries(record: Record<string, Wire>): Wire[] {
  return Object.keys(record)
    .sort()
    .map((key) => [key, record[key] as Wire]);
}

function read(wire: Wire, depth: number): unknown {
  if (typeof wire !== "object" || wire === null) return wire;
  if (depth > MAX_DEPTH) throw new ValueError([], "is nested too deeply");
  if (Array.isArray(wire)) return readArray(wire, depth + 1);
  return Object.hasOwn(wire, TAG) ? readTagged(wire[TAG], depth + 1) : readRecord(wire, depth + 1);
}

function readArray(wire: Wire[], depth: number): unknown[] {
  return changedArray(wire, (item) => read(item as Wire, depth));
}

function readRecord(wire: Record<string, Wire>, depth: number): Record<string, unknown> {
  return changedRecord(wire, [], (item) => read(item as Wire, depth));
}

/** Each falls through to the refusal when its body is not what it should be. */
function readTagged(wire: Wire | undefined, depth: number): unknown {
  const [tag, body] = Array.isArray(wire) ? wire : [];
  switch (tag) {
    case "date":
      if (body === null || typeof body === "number") return new Date(body ?? Number.NaN);
      break;
    case "bigint":
      if (typeof body === "string" && DIGITS.test(body)) return BigInt(body);
      break;
    case "number":
      if (NUMBERS.has(body)) return Number(body);
      break;
    case "undefined":
      return undefined;
    case "bytes":
      if (typeof body === "string") return fromBase64(body);
      break;
    case "set":
      if (Array.isArray(body)) return new Set(readArray(body, depth));
      break;
    case "map":
      if (isEntries(body)) return new Map(body.map(([key, value]) => [read(key, depth), read(value, depth)]));
      break;
    case "object":
      if (isEntries(body) && body.every(([key]) => typeof key === "string")) {
        return readRecord(Object.fromEntries(body), depth);
      }
  }
  throw new ValueError([TAG], "is not a tag this version knows");
}

function isEntries(body: Wire | undefined): body is [Wire, Wire][] {
  return Array.isArray(body) && body.every((entry) => Array.isArray(entry) && entry.length === 2);
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new ValueError([TAG], "holds bytes that are not base64");
  }
}
