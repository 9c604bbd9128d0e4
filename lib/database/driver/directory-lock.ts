import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { innermostMessage, UnusableDatabaseError } from "./database-errors.ts";
import { directoryIsUnwritable, unwritableMessage } from "./unwritable.ts";

/** An exclusive lock on one directory of the embedded database. It ends with `release`, or with the process. */
export interface DirectoryLock {
  release(): void;
}

/** Another process, or this one, already holds the lock of the directory. */
export class DirectoryInUseError extends Error {
  override name = "DirectoryInUseError";
}

/**
 * Locks `directory`, or throws at once. PGlite would let two processes open it, and the first write of the second
 * process destroys it. A SQLite file may be open in several processes; there the lock admits one server, beside any
 * tools.
 *
 * The lock is SQLite's exclusive lock on a file beside the directory. The kernel holds it, so it ends with its process,
 * however that ends. It also holds between containers that share a volume, where a process id would mean nothing.
 *
 * Synchronous, and without `import.meta`: drizzle-kit compiles its configuration, which takes this lock, to CommonJS.
 * @param instead What the user can do other than stop the other process. It ends the error message.
 * @throws {DirectoryInUseError} with the directory, its owner if known, and what to do.
 * @throws {UnusableDatabaseError} when this user may not write beside the directory.
 */
export function lockDirectory(
  directory: string,
  instead = "set DATABASE_URL to a PostgreSQL server, which any number of processes can use",
): DirectoryLock {
  const file = openLock(directory);
  try {
    takeExclusively(file);
  } catch (error) {
    file.close();
    if (isBusy(error)) throw new DirectoryInUseError(takenMessage(directory, instead), { cause: error });
    throw cannotBeWritten(directory, error);
  }
  // Says how to reach the process that holds the lock (see serve-postgres-protocol.ts). One that exists now was left by
  // a crash.
  rmSync(`${directory}.socket`, { force: true });
  writeOwner(directory);
  return { release: () => file.isOpen && file.close() };
}

function openLock(directory: string): DatabaseSync {
  const { DatabaseSync } = loadSqlite();
  try {
    mkdirSync(dirname(directory), { recursive: true });
    return new DatabaseSync(`${directory}.lock`, { timeout: 0 });
  } catch (error) {
    throw cannotBeWritten(directory, error);
  }
}

function cannotBeWritten(directory: string, error: unknown): UnusableDatabaseError {
  const unwritable = directoryIsUnwritable(dirname(directory));
  if (unwritable !== undefined) {
    return new UnusableDatabaseError(unwritableMessage(`The database in ${directory}`, unwritable), { cause: error });
  }
  return new UnusableDatabaseError(
    `The database in ${directory} cannot be opened: ${directory}.lock, the file that locks it, cannot be written ` +
      `(${innermostMessage(error)}). May this user write in ${dirname(directory)}?`,
    { cause: error },
  );
}

/** The transaction stays open as long as the lock is held. The file holds no data, so nothing has to reach the disk. */
function takeExclusively(file: DatabaseSync): void {
  file.exec("pragma synchronous = off; pragma journal_mode = memory; pragma locking_mode = exclusive; begin exclusive");
}

function isBusy(error: unknown): boolean {
  const code = typeof error === "object" && error !== null && "errcode" in error ? Number(error.errcode) : 0;
  return (code & 0xff) === 5 || (code & 0xff) === 6;
}

/** Names the owner for the error message, in a file of its own: the lock file cannot be read while it is locked. */
function writeOwner(directory: string): void {
  const [, program = "", command = ""] = process.argv;
  const name = /.*node_modules[\\/]([^\\/]+)/.exec(program)?.[1] ?? basename(program);
  try {
    writeFileSync(`${directory}.owner`, `process ${process.pid} (${`${name} ${command}`.trim()}) on ${hostname()}\n`);
  } catch {
    // Then the error message of another process does not name this one.
  }
}

function takenMessage(directory: string, instead: string): string {
  return (
    `The embedded database in ${directory} is in use by ${ownerOf(directory)}, and only one process can open it. ` +
    `Stop that process (another server of this project, or drizzle-kit), or ${instead}.`
  );
}

function ownerOf(directory: string): string {
  try {
    return readFileSync(`${directory}.owner`, "utf8").trim() || "another process";
  } catch {
    return "another process";
  }
}

/** Loads node:sqlite. Suppresses Node's warning that it is experimental, and no other warning. */
function loadSqlite(): typeof import("node:sqlite") {
  const emitWarning = process.emitWarning;
  const filtered = (warning: string | Error, ...rest: unknown[]): void => {
    if (!String(warning).includes("SQLite"))
      (emitWarning as (...all: unknown[]) => void).call(process, warning, ...rest);
  };
  process.emitWarning = filtered as typeof process.emitWarning;
  try {
    const sqlite = process.getBuiltinModule?.("node:sqlite");
    if (!sqlite)
      throw new Error(`The embedded database needs Node 22.18 or later; this is Node ${process.versions.node}.`);
    return sqlite;
  } finally {
    process.emitWarning = emitWarning;
  }
}
