import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { causesOf } from "./database-errors.ts";

/** Why a database or a disk takes no writes at all, whatever is written. */
export type Unwritable = "the disk is full" | "the database is read-only";

/** SQLSTATEs, codes of SQLite and of the system, and error numbers of MySQL and MariaDB. */
const REASONS = new Map<unknown, Unwritable>([
  ["53100", "the disk is full"],
  ["SQLITE_FULL", "the disk is full"],
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the disk is full"],
  [1021, "the disk is full"],
  [1114, "the disk is full"],
  [3675, "the disk is full"],
  ["25006", "the database is read-only"],
  ["EROFS", "the database is read-only"],
  [1836, "the database is read-only"],
]);

/** Why a write has failed; undefined when the cause is another, such as the statement itself. */
export function unwritableBecause(error: unknown): Unwritable | undefined {
  for (const cause of causesOf(error)) {
    if (!(cause instanceof Error)) continue;
    const { code, errno } = cause as { code?: unknown; errno?: unknown };
    const reason = REASONS.get(code) ?? REASONS.get(errno);
    if (reason) return reason;
    if (String(code).startsWith("SQLITE_READONLY")) return "the database is read-only";
    // "The server is running with the --read-only option": other options prevent statements with the same number.
    if (errno === 1290 && /read[-_]only/.test(cause.message)) return "the database is read-only";
  }
  return undefined;
}

/** Bytes that a database needs at least to be opened. */
const PROBE = 64 * 1024;

/**
 * Tries whether a directory takes writes: a database that cannot be opened on a full or read-only disk does not say so.
 * @param write Writes a file of so many bytes, for tests.
 * @returns why not, with the system's code; undefined when it does.
 */
export function directoryIsUnwritable(
  directory: string,
  write = (file: string, bytes: number) => writeFileSync(file, Buffer.alloc(bytes, 1)),
): string | undefined {
  const file = join(directory, `.convex-lite-probe-${process.pid}`);
  try {
    write(file, PROBE);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM") return `this user may not write there (${code})`;
    const reason = unwritableBecause(error);
    return reason && `${reason.replace("the database", "the disk")} (${code})`;
  } finally {
    try {
      rmSync(file, { force: true });
    } catch {
      // Nothing was written.
    }
  }
}

/** What an operator is told of a database that could not be opened for this reason. */
export function unwritableMessage(what: string, reason: string): string {
  return `${what} cannot be opened: ${reason}. What it holds is not damaged: make room or make it writable, and start again.`;
}
