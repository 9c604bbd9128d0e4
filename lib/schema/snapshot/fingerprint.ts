import { createHash } from "node:crypto";

/**
 * A hash that is equal for two of drizzle-kit's snapshots exactly when they describe the same schema. It leaves out the
 * random ids of the snapshot and of the one before it, and what was renamed between them.
 */
export function schemaFingerprint(snapshot: Record<string, unknown>): string {
  const { id: _id, prevId: _prevId, _meta, ...described } = snapshot;
  return createHash("sha256")
    .update(JSON.stringify(sorted(described)))
    .digest("hex");
}

/** The value with its keys in order. A key with the value undefined counts as absent, as in a JSON file. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}
