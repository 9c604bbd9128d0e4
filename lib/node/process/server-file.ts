import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";

/** What a server that takes commands writes down for `convex-lite run`. */
export interface ServerFacts {
  /** Its address, such as `http://localhost:3000`. */
  readonly url: string;
  /** Its process. */
  readonly pid: number;
  /** Only who can read the file knows it: every command has to name it. A new one at each start. */
  readonly token: string;
}

const serverFacts = z.object({ url: z.url(), pid: z.int().positive(), token: z.string().min(1) });

/** The file in the folder that a server writes to, usually `.convex`. */
export function serverFile(directory: string): string {
  return join(directory, "server.json");
}

/**
 * Writes the file, which only this user may read. It is replaced in one step, so that it is never read half written. Where it
 * cannot be written, the server runs all the same and takes no commands.
 */
export function writeServerFile(directory: string, facts: ServerFacts): void {
  const file = serverFile(directory);
  const draft = `${file}.${facts.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    rmSync(draft, { force: true });
    writeFileSync(draft, `${JSON.stringify(facts)}\n`, { mode: 0o600, flag: "wx" });
    renameSync(draft, file);
  } catch {}
}

/** Removes the file, unless a later server has written its own. */
export function removeServerFile(directory: string, token: string): void {
  if (readServerFile(directory)?.token === token) rmSync(serverFile(directory), { force: true });
}

/** @returns undefined when there is no such file, or none that a server has written. */
export function readServerFile(directory: string): ServerFacts | undefined {
  try {
    return serverFacts.parse(JSON.parse(readFileSync(serverFile(directory), "utf8")));
  } catch {
    return undefined;
  }
}

/** Does a process of this number run, other than this one? */
export function isOtherProcess(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Of another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
