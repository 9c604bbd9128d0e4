import { causesOf } from "../driver/database-errors.ts";
import { ConnectionLostError, type Failure } from "../driver/driver.ts";

/** What better-sqlite3's error, or our own, says about a failure, wherever in the chain of causes it sits. */
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

/** Does somebody else hold the lock that the statement needs? */
export function isBusy(error: unknown): boolean {
  return codeOf(error)?.startsWith("SQLITE_BUSY") === true;
}

/** Such as `SQLITE_CONSTRAINT_UNIQUE`. */
function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" && code.startsWith("SQLITE_") ? code : undefined;
}
