import type { Patch } from "../../protocol/server-message.ts";
import { TOKEN_LENGTH } from "../../protocol/token-length.ts";
import { checkOf, hashText } from "../../values/hash.ts";
import { findList, spliced } from "../../values/result-list.ts";
import { share } from "../../values/share.ts";
import { fromWire, toWire, type Wire } from "../../values/wire.ts";
import { type Answer, type ListRecord, settled } from "./answer.ts";
import { freezeInDevelopment } from "./freeze.ts";

const UNFIT = "A patch does not fit.";

/**
 * What `base`, the answer that the server knows the client to have, becomes by a patch. Rows that did not change keep
 * their identity, and cost no more than a copy of the list.
 * @throws when the result does not pass the check that comes with the patch.
 */
export function applyPatch(base: Answer | undefined, { splices, around, token }: Patch): Answer {
  const data = base?.result.data as Record<string, unknown>;
  const before = base?.list ?? recordOf(data);
  const { key } = before;
  const rows = (key === undefined ? data : data[key]) as unknown[];
  const changes = splices.map(([at, removed, ...inserted]) => ({
    at: at < 0 ? rows.length - ~at : at,
    removed,
    rows: inserted,
  }));
  const list = {
    key,
    rows: spliced(
      before.rows,
      changes.map((change) => ({ ...change, rows: change.rows.map(fingerprint) })),
    ),
    around: around ? fingerprint(around) : before.around,
  };
  if (checkOf(list.rows, list.around) !== token.slice(TOKEN_LENGTH)) throw new Error(UNFIT);

  const gone = changes.flatMap(({ at, removed }) => rows.slice(at, at + removed));
  const after = spliced(
    rows,
    changes.map((change) => ({ ...change, rows: share(gone, fromWire(change.rows) as unknown[]) })),
  );
  const others = around ? share({ ...data, [key as string]: [] }, fromWire(around) as object) : data;
  const value = key === undefined ? after : { ...others, [key]: after };
  return { result: settled(freezeInDevelopment(value), undefined), token: token.slice(0, TOKEN_LENGTH), list };
}

/** Of the list in a value that was sent whole. It is made only when the first patch arrives. */
function recordOf(data: unknown): ListRecord {
  const wire = toWire(data);
  const { key, rows } = findList(wire) ?? {};
  if (rows === undefined) throw new Error(UNFIT);
  const around = JSON.stringify(wire, (_, part) => (part === rows ? [] : part));
  return { key, rows: rows.map(fingerprint), around: hashText(around) };
}

function fingerprint(wire: Wire): number {
  return hashText(JSON.stringify(wire));
}
