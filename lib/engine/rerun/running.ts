import type { DatabaseConnection } from "../../database/driver/driver.ts";
import type { LiveQuery } from "../queries/live-query.ts";
import { type Ran, type RunQueryParts, runQuery } from "./run-query.ts";

/** A run that goes on. */
export interface Running {
  readonly live: LiveQuery;
  /** Rejects when its connection was lost: then it has no answer. */
  readonly ended: Promise<Ran>;
  /** When it began, by the environment's clock. */
  readonly since: number;
}

/** Begins to run a live query in a snapshot. */
export function begin(parts: RunQueryParts, live: LiveQuery, connection: DatabaseConnection): Running {
  return { live, since: parts.environment.now(), ended: runQuery(parts, live, connection) };
}
