import type { ListResult, Splice } from "../../values/result-list.ts";
import type { Wire } from "../../values/wire.ts";
import { diffRows } from "./diff-rows.ts";

/** The wire text of a result with a list in it, in parts: `head`, the rows with commas between them, `tail`. */
export interface ListText {
  /** See `ListResult`. */
  readonly key: string | undefined;
  readonly head: string;
  readonly rows: string[];
  readonly tail: string;
}

/** What makes one list result of another. `around`: the text of the result without the list's rows, if it is another. */
export interface ListChange {
  readonly splices: readonly Splice<string>[];
  readonly around: string | undefined;
}

/** A change at more places than this is sent whole. */
const MAX_SPLICES = 100;

/** Serialises a result, each row once. Together the parts are what `JSON.stringify(wire)` is. */
export function listText(wire: Wire, { key, rows }: ListResult): ListText {
  const texts = rows.map((row) => JSON.stringify(row));
  if (key === undefined) return { key, head: "[", rows: texts, tail: "]" };
  const fields = Object.entries(wire as Record<string, Wire>);
  const at = fields.findIndex(([name]) => name === key);
  const before = fields.slice(0, at).map((field) => `${fieldText(field)},`);
  const behind = fields.slice(at + 1).map((field) => `,${fieldText(field)}`);
  return {
    key,
    head: `{${before.join("")}${JSON.stringify(key)}:[`,
    rows: texts,
    tail: `]${behind.join("")}}`,
  };
}

function fieldText([name, value]: [string, Wire]): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

export function joinList({ head, rows, tail }: ListText): string {
  return `${head}${rows.join(",")}${tail}`;
}

/** How long the joined text is, without joining it. */
export function lengthOf({ head, rows, tail }: ListText): number {
  let length = head.length + tail.length + Math.max(0, rows.length - 1);
  for (const row of rows) length += row.length;
  return length;
}

/** The change from one to the other; undefined when it is another list, or when too much of it differs. */
export function changeOf(before: ListText, after: ListText): ListChange | undefined {
  if (before.key !== after.key) return undefined;
  const splices = diffRows(before.rows, after.rows);
  if (splices.length > MAX_SPLICES) return undefined;
  const isAroundSame = before.head === after.head && before.tail === after.tail;
  return { splices, around: isAroundSame ? undefined : after.head + after.tail };
}

/**
 * The splices of a change as text. Places behind the middle are counted from the end, `-1` is behind the last row:
 * so what a row costs does not depend on how many there are.
 * @param length How many rows there were before.
 */
export function spliceTexts({ splices }: ListChange, length: number): string[] {
  return splices.map(({ at, removed, rows }) => {
    const place = at * 2 <= length ? at : ~(length - at);
    return `[${[place, removed, ...rows].join(",")}]`;
  });
}
