import { createHash } from "node:crypto";

/**
 * Says whether two of drizzle-kit's snapshots describe the same schema. Each snapshot also names itself and the one
 * before it, at random, and what was renamed since that one; these are left out.
 */
export function schemaFingerprint(snapshot: Record<string, unknown>): string {
  const { id: _id, prevId: _prevId, _meta, ...described } = snapshot;
  return createHash("sha256")
    .update(JSON.stringify(sorted(described)))
    .digest("hex");
}

/** The same, whatever order its keys are in. A key without a value counts as absent, as it does in a file. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}
