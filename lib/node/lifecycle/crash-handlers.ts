import { LoadError, printProblem } from "../../bundling/load-error.ts";
import { UnusableDatabaseError } from "../../database/driver/database-errors.ts";
import { DirectoryInUseError } from "../../database/driver/directory-lock.ts";
import type { Log } from "../../environment/environment.ts";
import { NotBuiltError } from "../loading/built-functions.ts";
import { SettingsError } from "../process/settings.ts";

/**
 * Logs uncaught exceptions, unhandled rejections and Node's warnings. Call it before everything else.
 *
 * An uncaught exception ends the process with code 1, because it may have left any state inconsistent. An unhandled
 * rejection does not: a page that lacks an `await` must not end the connections of all clients.
 * @param log Where they are logged. An error that the operator can correct is logged without its stack.
 * @example
 * const log = terminalLog();
 * installCrashHandlers(log);
 */
export function installCrashHandlers(log: Log): void {
  process.on("uncaughtException", (error) => endAfterFailure(log, error));
  process.on("unhandledRejection", (reason) =>
    log.error("unhandled rejection: a promise was rejected and no code handled it", { error: reason }),
  );
  // Node's own listener also prints a warning for each experimental feature in use; those are used on purpose.
  process.removeAllListeners("warning");
  process.on("warning", (warning) => {
    if (warning.name !== "ExperimentalWarning") log.warn(`${warning.name}: ${warning.message}`);
  });
}

/** Ends the process with code 1, because of an error after which it cannot go on. */
export function endAfterFailure(log: Log, error: unknown): never {
  logFailure(log, error);
  process.exit(1);
}

/** An error that the operator can correct is logged as its message; any other with its stack. */
function logFailure(log: Log, error: unknown): void {
  if (error instanceof LoadError) log.error(`functions not loaded\n\n${error.problems.map(printProblem).join("\n\n")}`);
  else if (isCorrectable(error)) log.error(error.message);
  else log.error("the server failed", { error });
}

function isCorrectable(error: unknown): error is Error {
  return [SettingsError, NotBuiltError, UnusableDatabaseError, DirectoryInUseError].some(
    (kind) => error instanceof kind,
  );
}
