import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { innermostMessage, UnusableDatabaseError } from "./database-errors.ts";

/** The exclusive right to open one directory of the embedded database. Ends with `release`, or with the process. */
export interface DirectoryLock {
  release(): void;
}

/** Another process, or this one, has the directory open. */
export class DirectoryInUseError extends Error {
  override name = "DirectoryInUseError";
}

/**
 * Takes the right to open `directory`, or throws at once. PGlite itself would let two processes open it, and the first
 * write of the second destroys it. For the file of a SQLite database it is the right of one server to serve it.
 *
 * The lock is SQLite's exclusive lock on a file beside the directory: the kernel holds it, so it ends with its process
 * however that ends, and it holds between containers that share a volume, where a process id would say nothing.
 *
 * Synchronous, and without `import.meta`: drizzle-kit reads its configuration, which takes this lock, as CommonJS.
 * @param instead What else to do than to stop the other process.
 * @throws {DirectoryInUseError} with the directory, the owner if it is known, and what to do.
 * @throws {UnusableDatabaseError} where this user may not write.
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
  // How to reach the process that had it before (see serve-postgres-protocol.ts): if it still lies there, that one ended badly.
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
  return new UnusableDatabaseError(
    `The database in ${directory} cannot be opened: ${directory}.lock, which keeps others from it meanwhile, cannot be ` +
      `written (${innermostMessage(error)}). May this user write in ${dirname(directory)}?`,
    { cause: error },
  );
}

/** The transaction stays open as long as the lock is held. The file is of no use but to be locked: no need to sync it. */
function takeExclusively(file: DatabaseSync): void {
  file.exec("pragma synchronous = off; pragma journal_mode = memory; pragma locking_mode = exclusive; begin exclusive");
}

function isBusy(error: unknown): boolean {
  const code = typeof error === "object" && error !== null && "errcode" in error ? Number(error.errcode) : 0;
  return (code & 0xff) === 5 || (code & 0xff) === 6;
}

/** Only for people to read: the lock's own file cannot be read while it is held. */
function writeOwner(directory: string): void {
  const [, program = "", command = ""] = process.argv;
  const name = /.*node_modules[\\/]([^\\/]+)/.exec(program)?.[1] ?? basename(program);
  try {
    writeFileSync(`${directory}.owner`, `process ${process.pid} (${`${name} ${command}`.trim()}) on ${hostname()}\n`);
  } catch {
    // It only makes a message better.
  }
}

function takenMessage(directory: string, instead: string): string {
  return (
    `The embedded database in ${directory} is in use by ${ownerOf(directory)}, and only one process can open it. ` +
    `Stop that process (another \`pnpm dev\`, \`pnpm start\` or drizzle-kit), or ${instead}.`
  );
}

function ownerOf(directory: string): string {
  try {
    return readFileSync(`${directory}.owner`, "utf8").trim() || "another process";
  } catch {
    return "another process";
  }
}

/** Node calls node:sqlite experimental each time it is loaded first; that one warning is left out, and no other. */
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
