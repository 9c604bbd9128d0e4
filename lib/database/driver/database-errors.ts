import { ConnectionLostError, type Failure } from "./driver.ts";

/** The database cannot be used as it is, or as it was named. The message alone says what is wrong and what to do. */
export class UnusableDatabaseError extends Error {
  override name = "UnusableDatabaseError";
}

/** Every failure of a connection in one form, with what happened as its cause. */
export function lostBecause(error: unknown): ConnectionLostError {
  if (error instanceof ConnectionLostError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new ConnectionLostError(`The connection to the database is gone: ${reason}`, { cause: error });
}

/** Serialization failure and deadlock: the same work may be tried again. */
const conflictStates = new Set(["40001", "40P01"]);

/** The server ended the connection, or nobody knows how the statement ended. Class 08 counts as well. */
const lostStates = new Set(["57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "40003"]);

/** What PostgreSQL's SQLSTATE, or our own error, says about a failure, wherever in the chain of causes it sits. */
export function classifyPostgres(error: unknown): Failure {
  for (const cause of causesOf(error)) {
    if (cause instanceof ConnectionLostError) return "connectionLost";
    const state = sqlStateOf(cause);
    if (state === undefined) continue;
    if (conflictStates.has(state)) return "conflict";
    if (lostStates.has(state) || state.startsWith("08")) return "connectionLost";
    return state === "25006" ? "refusedWrite" : "other";
  }
  return "other";
}

/** The five characters PostgreSQL gives an error, from the first in the chain of causes that has them. */
export function sqlState(error: unknown): string | undefined {
  for (const cause of causesOf(error)) {
    const state = sqlStateOf(cause);
    if (state !== undefined) return state;
  }
  return undefined;
}

/** The message of the innermost cause: what the database said, without Drizzle's wrapping. */
export function innermostMessage(error: unknown): string {
  const innermost = causesOf(error).at(-1);
  return innermost instanceof Error ? innermost.message : String(innermost);
}

/** The error, what caused it, what caused that …: the outermost first. */
export function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  for (let cause = error; cause !== undefined && cause !== null && causes.length < 16; ) {
    causes.push(cause);
    cause = typeof cause === "object" && "cause" in cause ? cause.cause : undefined;
  }
  return causes;
}

function sqlStateOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code) ? code : undefined;
}
