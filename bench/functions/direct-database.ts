import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type * as schema from "./schema.ts";

const meetingPoint = Symbol.for("convex-lite.bench.database");

type Meeting = { [meetingPoint]?: NodePgDatabase<typeof schema> };

/** Lets a page read the database without the framework. It uses `globalThis`, because Next bundles its own copy of modules. */
export function offerDatabase(database: NodePgDatabase<typeof schema>): void {
  (globalThis as Meeting)[meetingPoint] = database;
}

export function directDatabase(): NodePgDatabase<typeof schema> {
  const database = (globalThis as Meeting)[meetingPoint];
  if (!database) throw new Error("Expected the database that bench/server/page.ts opens. Found none.");
  return database;
}
