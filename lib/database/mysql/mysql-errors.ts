import { causesOf } from "../driver/database-errors.ts";
import { ConnectionLostError, type Failure } from "../driver/driver.ts";

/**
 * Deadlock, timeout of a lock, and (MariaDB) a row that changed since the snapshot: the transaction may be run again.
 */
const conflicts = new Set([1213, 1205, 1020]);

/** The server went away, shut down, or ended this connection or its statement. */
const losses = new Set([1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1317, 1927, 2006, 2013]);

/** The codes of mysql2 and Node for the same. */
const lossCodes = /^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|PROTOCOL_)/;

/**
 * Classifies a failure by the first error number or `ConnectionLostError` in its chain of causes. Codes of the network
 * do not count: a function's own call to another server fails with the same ones. A loss of the database's connection
 * was made a `ConnectionLostError` where it occurred.
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

/**
 * Whether an error of a statement means that its connection is lost. mysql2 has no code for a command on a closed
 * connection.
 */
export function isLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, fatal } = error as { code?: unknown; fatal?: unknown };
  if (fatal === true || losses.has(errorNumber(error) ?? 0)) return true;
  return (typeof code === "string" && lossCodes.test(code)) || /in closed state/.test(error.message);
}

/** The first MySQL error number in the chain of causes, such as 1062. */
export function mysqlErrorNumber(error: unknown): number | undefined {
  return causesOf(error)
    .map(errorNumber)
    .find((number) => number !== undefined);
}

/** Errors of the operating system have an `errno` as well, below zero. */
function errorNumber(error: unknown): number | undefined {
  const number = typeof error === "object" && error !== null && "errno" in error ? error.errno : undefined;
  return typeof number === "number" && number > 0 ? number : undefined;
}
