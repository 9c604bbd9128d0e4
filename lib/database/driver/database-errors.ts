import { ConnectionLostError, type Failure } from "./driver.ts";

/**
 * The database, or the address in DATABASE_URL, cannot be used. The message needs no stack: it says what is wrong and
 * what to do.
 */
export class UnusableDatabaseError extends Error {
  override name = "UnusableDatabaseError";
}

/** Makes any failure of a connection a `ConnectionLostError`, with that failure as its cause. */
export function lostBecause(error: unknown): ConnectionLostError {
  if (error instanceof ConnectionLostError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new ConnectionLostError(`The connection to the database was lost: ${reason}`, { cause: error });
}

/** Serialization failure and deadlock: the transaction may be run again. */
const conflictStates = new Set(["40001", "40P01"]);

/**
 * The server ended the connection, or the outcome of the statement is unknown. Every state of class 08 counts as well.
 */
const lostStates = new Set(["57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "40003"]);

/** Classifies a failure by the first SQLSTATE or `ConnectionLostError` in its chain of causes. */
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

/** The first SQLSTATE in the chain of causes: five characters. */
export function sqlState(error: unknown): string | undefined {
  for (const cause of causesOf(error)) {
    const state = sqlStateOf(cause);
    if (state !== undefined) return state;
  }
  return undefined;
}

/** The message of the innermost cause: the database's own, without Drizzle's around it. */
export function innermostMessage(error: unknown): string {
  const innermost = causesOf(error).at(-1);
  return innermost instanceof Error ? innermost.message : String(innermost);
}

/** The error and its chain of causes, the outermost first. At most 16: a chain may be a circle. */
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
