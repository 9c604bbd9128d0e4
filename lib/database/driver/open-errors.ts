import { causesOf, innermostMessage, UnusableDatabaseError } from "./database-errors.ts";
import { ConnectionLostError } from "./driver.ts";

/** The server answered, and cannot be used, for example because of its version. The message says why and what to do. */
export class UnsuitableServerError extends Error {}

/**
 * The error for a server that could not be opened: one sentence with the reason.
 * @param what Names the server, without secrets.
 * @param refusal What the server's error means; undefined when it means nothing known, or the server never answered.
 * @param password Removed from every text in the error.
 */
export function openError(
  what: string,
  error: unknown,
  refusal: string | undefined,
  password: string | null | undefined,
): UnusableDatabaseError {
  const reason = error instanceof UnsuitableServerError ? error.message : (refusal ?? explained(error, password));
  return new UnusableDatabaseError(`Cannot use ${what}: ${reason}`, { cause: withoutSecret(error, password) });
}

/** Says "does not answer" only of errors of the network. Any other error is quoted. */
function explained(error: unknown, password: string | null | undefined): string {
  const said = hidden(reasonOf(error), password);
  if (isSilence(error)) {
    return `the server does not answer (${said}). Is it running, and are host and port in DATABASE_URL right?`;
  }
  if (/does not support (SSL|secure) connection/.test(said)) {
    return "the server has no TLS, which DATABASE_URL asks for. Turn it on at the server, or take sslmode out of the address.";
  }
  if (/certificate/i.test(said)) {
    return (
      `the server's certificate is not one to trust (${said}). In DATABASE_URL, name the file of the authority that signed ` +
      "it, as in ?sslrootcert=/path/ca.pem, and write the host as the certificate does."
    );
  }
  return `connecting failed with "${said}".`;
}

/** Codes of Node, and of mysql2 for a connection that ended, that mean no answer. */
const SILENT =
  /^(ECONN|ENOTFOUND$|EAI_|ETIMEDOUT$|EHOST|ENET|EPIPE$|EADDRNOTAVAIL$|ENOENT$|PROTOCOL_(CONNECTION_LOST|SEQUENCE_TIMEOUT)$)/;

/** Words of `pg`'s errors, which have no code, when a server does not answer or stops answering. */
const SILENT_WORDS = /timeout|timed out|connection terminated|socket hang up|closed the connection|network/i;

function isSilence(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isSilence);
  return causesOf(error).some((cause) => {
    // What is no `Error` is the event of a WebSocket that failed.
    if (cause instanceof ConnectionLostError || !(cause instanceof Error)) return true;
    const { code } = cause as { code?: unknown };
    return typeof code === "string" ? SILENT.test(code) : SILENT_WORDS.test(cause.message);
  });
}

/**
 * Node tries every address of a host, and its `AggregateError` has no message. The event of a WebSocket has none
 * either.
 */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map((each) => innermostMessage(each)).join("; ");
  return error instanceof Error ? innermostMessage(error) : "a WebSocket could not be opened";
}

/** The error for a certificate file in DATABASE_URL, of an authority or of a client, that cannot be read. */
export function unreadableCertificate(file: string | undefined, error: unknown): UnusableDatabaseError {
  const { code } = error as { code?: string };
  return new UnusableDatabaseError(
    `DATABASE_URL names ${file ? `the certificate file ${file}` : "a certificate file"}, which cannot be read (${code}). ` +
      "Put the file there, or correct its path, which counts from the working directory.",
    { cause: error },
  );
}

/** Removes the password. The errors of the packages do not hold the address today; this also covers one that would. */
function withoutSecret(error: unknown, password: string | null | undefined): Error {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const clean = new ConnectionLostError(hidden(innermostMessage(error), password));
  clean.stack = hidden(text, password);
  return clean;
}

function hidden(text: string, password: string | null | undefined): string {
  return password ? text.replaceAll(password, "***") : text;
}
