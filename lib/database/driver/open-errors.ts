import { causesOf, innermostMessage, UnusableDatabaseError } from "./database-errors.ts";
import { ConnectionLostError } from "./driver.ts";

/** The server answered, and is not one to work with. The message says why and what to do. */
export class UnsuitableServerError extends Error {}

/**
 * A server that could not be opened, in one sentence.
 * @param what The server, without secrets.
 * @param refusal What the server's own error means; undefined when it never answered.
 * @param password Cut out of whatever the error holds.
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

/** Only what the network says means that nobody is there. */
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
      `the server's certificate is not one to trust (${said}). Name the file of the authority that signed it in ` +
      "DATABASE_URL, as in ?sslrootcert=/path/ca.pem, and the host as the certificate does."
    );
  }
  return `connecting failed with "${said}".`;
}

/** Codes of Node, and of mysql2 for a connection that ended. */
const SILENT =
  /^(ECONN|ENOTFOUND$|EAI_|ETIMEDOUT$|EHOST|ENET|EPIPE$|EADDRNOTAVAIL$|ENOENT$|PROTOCOL_(CONNECTION_LOST|SEQUENCE_TIMEOUT)$)/;

/** What `pg` says without a code when nobody answers, or nobody does any more. */
const SILENT_WORDS = /timeout|timed out|connection terminated|socket hang up|closed the connection|network/i;

function isSilence(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isSilence);
  return causesOf(error).some((cause) => {
    // The event of a WebSocket.
    if (cause instanceof ConnectionLostError || !(cause instanceof Error)) return true;
    const { code } = cause as { code?: unknown };
    return typeof code === "string" ? SILENT.test(code) : SILENT_WORDS.test(cause.message);
  });
}

/** Node tries every address of a host and says nothing about it but "AggregateError", and a WebSocket nothing at all. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map((each) => innermostMessage(each)).join("; ");
  return error instanceof Error ? innermostMessage(error) : "a WebSocket could not be opened";
}

/** Of an authority or of a client. */
export function unreadableCertificate(file: string | undefined, error: unknown): UnusableDatabaseError {
  const { code } = error as { code?: string };
  return new UnusableDatabaseError(
    `DATABASE_URL names ${file ? `the certificate file ${file}` : "a certificate file"}, which cannot be read (${code}). ` +
      "Put it there, or correct its path, which counts from the working directory.",
    { cause: error },
  );
}

/** The errors of the packages do not hold the address; should one ever, the password is cut out of it. */
function withoutSecret(error: unknown, password: string | null | undefined): Error {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const clean = new ConnectionLostError(hidden(innermostMessage(error), password));
  clean.stack = hidden(text, password);
  return clean;
}

function hidden(text: string, password: string | null | undefined): string {
  return password ? text.replaceAll(password, "***") : text;
}
