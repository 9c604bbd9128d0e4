import { ConnectionLostError } from "./driver.ts";

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

/** The error of a statement in a query that can write a file on the database's machine. It is not sent. */
export function writesFile(words: string): Error {
  return new Error(`A query only reads, and "${words}" can write a file on the database's machine. It was not run.`);
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
