import { causesOf } from "../driver/database-errors.ts";
import { ConnectionLostError, type Failure } from "../driver/driver.ts";

/** Classifies a failure by the first code of SQLite or `ConnectionLostError` in its chain of causes. */
export function classifySqlite(error: unknown): Failure {
  for (const cause of causesOf(error)) {
    if (cause instanceof ConnectionLostError) return "connectionLost";
    const code = codeOf(cause);
    if (code === undefined) continue;
    if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return "conflict";
    return code.startsWith("SQLITE_READONLY") ? "refusedWrite" : "other";
  }
  return "other";
}

/** Whether another connection holds the lock that the statement needs. */
export function isBusy(error: unknown): boolean {
  return codeOf(error)?.startsWith("SQLITE_BUSY") === true;
}

/** SQLite's code of an error, such as `SQLITE_CONSTRAINT_UNIQUE`. */
function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" && code.startsWith("SQLITE_") ? code : undefined;
}
