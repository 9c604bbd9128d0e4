import { ConnectionLostError } from "./driver.ts";
import { innermostMessage, UnusableDatabaseError } from "./failure.ts";

/** The server answered, and is not one to work with. The message says why and what to do. */
export class Unsuitable extends Error {}

/**
 * A server that could not be opened, in one sentence.
 * @param what The server, without secrets.
 * @param refusal What the server's own error means; undefined when it never answered.
 * @param password Cut out of whatever the error holds.
 */
export function cannotUse(
  what: string,
  error: unknown,
  refusal: string | undefined,
  password: string | null | undefined,
): UnusableDatabaseError {
  const reason = error instanceof Unsuitable ? error.message : (refusal ?? silent(error));
  return new UnusableDatabaseError(`Cannot use ${what}: ${reason}`, { cause: withoutSecret(error, password) });
}

function silent(error: unknown): string {
  return `the server does not answer (${networkReason(error)}). Is it running, and are host and port in DATABASE_URL right?`;
}

/** Node tries every address of a host and says nothing about it but "AggregateError". */
function networkReason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map((each) => innermostMessage(each)).join("; ");
  return innermostMessage(error);
}

/** The errors of the packages do not hold the address; should one ever, the password is cut out of it. */
function withoutSecret(error: unknown, password: string | null | undefined): Error {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const hidden = (from: string): string => (password ? from.replaceAll(password, "***") : from);
  const clean = new ConnectionLostError(hidden(innermostMessage(error)));
  clean.stack = hidden(text);
  return clean;
}
