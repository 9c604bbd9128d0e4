import { causesOf } from "../driver/database-errors.ts";
import { ConnectionLostError, type Failure } from "../driver/driver.ts";

/** Deadlock, a lock that did not come free, and (MariaDB) a row that changed since the snapshot: try again. */
const conflicts = new Set([1213, 1205, 1020]);

/** The server went away, shut down, or ended this connection or what ran on it. */
const losses = new Set([1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1317, 1927, 2006, 2013]);

/** The same as mysql2 and Node say it. */
const lossCodes = /^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|PROTOCOL_)/;

/**
 * What the server's error number, or our own error, says, wherever in the chain of causes it sits. The network's codes
 * say nothing: an author's call to another server fails with the same. What our connection meets has become a
 * `ConnectionLostError` where it was met.
 */
export function classifyMysql(error: unknown): Failure {
  for (const cause of causesOf(error)) {
    if (cause instanceof ConnectionLostError) return "connectionLost";
    const number = errorNumber(cause);
    if (number === undefined) continue;
    if (conflicts.has(number)) return "conflict";
    return number === 1792 ? "refusedWrite" : "other";
  }
  return "other";
}

/** Has what a statement of ours met made the connection useless? mysql2 has no code for a command on a connection that is closed. */
export function isLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, fatal } = error as { code?: unknown; fatal?: unknown };
  if (fatal === true || losses.has(errorNumber(error) ?? 0)) return true;
  return (typeof code === "string" && lossCodes.test(code)) || /in closed state/.test(error.message);
}

/** Such as 1062, from the first in the chain of causes that has one. */
export function mysqlErrorNumber(error: unknown): number | undefined {
  return causesOf(error)
    .map(errorNumber)
    .find((number) => number !== undefined);
}

/** The system's errors have an `errno` as well, below zero. */
function errorNumber(error: unknown): number | undefined {
  const number = typeof error === "object" && error !== null && "errno" in error ? error.errno : undefined;
  return typeof number === "number" && number > 0 ? number : undefined;
}
