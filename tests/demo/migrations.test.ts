import { generateDrizzleJson } from "drizzle-kit/api";
import { expect, test } from "vitest";
import * as schema from "../../convex/schema.ts";
import journal from "../../drizzle/meta/_journal.json" with { type: "json" };
import { schemaFingerprint } from "../../lib/schema/snapshot/fingerprint.ts";

test("the migrations of this project describe its schema", async () => {
  const newest = String(journal.entries.length - 1).padStart(4, "0");
  const snapshot = (await import(`../../drizzle/meta/${newest}_snapshot.json`, { with: { type: "json" } })).default;
  expect(schemaFingerprint(snapshot)).toBe(schemaFingerprint({ ...generateDrizzleJson({ ...schema }) }));
});
