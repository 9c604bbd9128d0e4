import { causesOf } from "../driver/database-errors.ts";
import { ConnectionLostError, type Failure } from "../driver/driver.ts";

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

function sqlStateOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code) ? code : undefined;
}
