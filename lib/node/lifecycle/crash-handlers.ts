import { UnusableDatabaseError } from "../../database/driver/database-errors.ts";
import { DirectoryInUseError } from "../../database/driver/directory-lock.ts";
import type { Log } from "../../environment/environment.ts";
import { LoadError, printProblem } from "../loading/load-error.ts";
import { SettingsError } from "../process/settings.ts";

/**
 * Logs what nobody caught. An exception ends the process: what it left half done, nobody knows. A promise that was
 * rejected with nobody listening does not: a page that forgot an `await` must not take everybody's connection away.
 */
export function installCrashHandlers(log: Log): void {
  process.on("uncaughtException", (error) => {
    logFailure(log, error);
    process.exit(1);
  });
  process.on("unhandledRejection", (reason) =>
    log.error("a promise was rejected and nobody was listening", { error: reason }),
  );
  // Node prints each use of what it still calls experimental; we know which we use.
  process.removeAllListeners("warning");
  process.on("warning", (warning) => {
    if (warning.name !== "ExperimentalWarning") log.warn(`${warning.name}: ${warning.message}`);
  });
}

/** What a person can set right is told in a sentence; of the rest, everything is shown. */
function logFailure(log: Log, error: unknown): void {
  if (error instanceof LoadError) log.error(`functions not loaded\n\n${error.problems.map(printProblem).join("\n\n")}`);
  else if (isSetRightByPeople(error)) log.error(error.message);
  else log.error("the server failed", { error });
}

function isSetRightByPeople(error: unknown): error is Error {
  return [SettingsError, UnusableDatabaseError, DirectoryInUseError].some((kind) => error instanceof kind);
}
