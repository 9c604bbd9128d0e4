import type { Patch } from "../../protocol/server-message.ts";
import { findList, ListHash, splice } from "../../values/list-hash.ts";
import { share } from "../../values/share.ts";
import { fromWire, toWire, type Wire } from "../../values/wire.ts";
import { type Answer, settled } from "./answer.ts";
import { freezeInDevelopment } from "./freeze.ts";

const UNFIT = "A patch does not fit.";

/**
 * What `base`, the answer that the server knows the client to have, becomes by a patch. Rows that did not change keep
 * their identity, and cost no more than a copy of the list.
 * @throws when the result is not the one that the patch names by its hash.
 */
export function applyPatch(base: Answer | undefined, { splices, around, hash }: Patch): Answer {
  const data = base?.result.data as Record<string, unknown>;
  const list = base?.list ?? listOf(data);
  const { key } = list;
  let rows = (key === undefined ? data : data[key]) as unknown[];
  const places = splices.map(([at, removed, ...values]) => ({
    at: at < 0 ? rows.length - ~at : at,
    removed,
    rows: values.map(wireText),
    values: fromWire(values) as unknown[],
  }));
  const after = list.spliced(places, around && JSON.stringify(around));
  if (after.text !== hash) throw new Error(UNFIT);

  const gone = places.flatMap(({ at, removed }) => rows.slice(at, at + removed));
  for (const { at, removed, values } of places.reverse()) rows = splice(rows, at, removed, share(gone, values));
  if (key === undefined) return patchedTo(rows, after);
  const others = around ? share({ ...data, [key]: [] }, fromWire(around) as object) : data;
  return patchedTo({ ...others, [key]: rows }, after);
}

function patchedTo(value: unknown, list: ListHash): Answer {
  return { result: settled(freezeInDevelopment(value), undefined), hash: list.text, list };
}

/** The list in a value that was sent whole. It is hashed only when the first patch arrives. */
function listOf(data: unknown): ListHash {
  const wire = toWire(data);
  const list = findList(wire);
  if (list === undefined) throw new Error(UNFIT);
  const around = JSON.stringify(wire, (_, part) => (part === list.rows ? [] : part));
  return ListHash.of(list.key, list.rows.map(wireText), around);
}

function wireText(row: Wire): string {
  return JSON.stringify(row);
}
