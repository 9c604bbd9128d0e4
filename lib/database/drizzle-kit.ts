import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import * as nextEnvModule from "@next/env";
import { EmbeddedLockTakenError, lockEmbedded } from "./embedded-lock.ts";

/** How drizzle-kit reaches the database; to be spread into its configuration. */
export type KitCredentials =
  | { dialect: "postgresql"; dbCredentials: { url: string } }
  | { dialect: "postgresql"; driver: "pglite"; dbCredentials: { url: string } }
  | { dialect: "postgresql" };

/** A CommonJS package: imported from a module all of it is the default export, compiled to CommonJS there is none. */
const { loadEnvConfig } = (nextEnvModule as { default?: typeof nextEnvModule }).default ?? nextEnvModule;

/** Commands of drizzle-kit that open the database; the others only read and write files. */
const opening = new Set(["push", "migrate", "studio", "pull", "introspect"]);

/**
 * For `drizzle.config.ts`: the application's own database, as `DATABASE_URL` and the `.env*` files say, read as Next reads
 * them. The embedded one can be open in one process only, so drizzle-kit takes its lock for as long as it lives; while a
 * `pnpm dev` holds that, drizzle-kit is sent there instead.
 *
 * Synchronous, as drizzle-kit wants its configuration, and without `import.meta`, as it compiles it to CommonJS.
 * @throws when the database is in use by something that cannot share it.
 */
export function credentialsForDrizzleKit(root = process.cwd()): KitCredentials {
  loadEnvConfig(root, process.env.NODE_ENV !== "production", { info() {}, error: console.error });
  const url = process.env.DATABASE_URL?.trim();
  if (url) return { dialect: "postgresql", dbCredentials: { url } };
  if (!process.argv.some((argument) => opening.has(argument))) return { dialect: "postgresql" };
  return embeddedCredentials(resolve(root, ".convex", "pglite"));
}

function embeddedCredentials(directory: string): KitCredentials {
  mkdirSync(dirname(directory), { recursive: true });
  // A server that is starting has the lock some time before it can be reached.
  for (let triesLeft = 50; ; triesLeft--) {
    try {
      const lock = lockEmbedded(directory);
      // Not so much to release it, which the end of the process does, as to keep it: what nothing refers to is collected.
      process.on("exit", lock.release);
      return { dialect: "postgresql", driver: "pglite", dbCredentials: { url: directory } };
    } catch (error) {
      const socket = socketOf(directory);
      if (socket) return { dialect: "postgresql", dbCredentials: { url: socket } };
      if (!(error instanceof EmbeddedLockTakenError) || triesLeft === 0) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
}

/** The address of the process that has the directory open, if it lets tools in (see serve-wire.ts). */
function socketOf(directory: string): string | undefined {
  const note = `${directory}.socket`;
  if (!existsSync(note)) return undefined;
  const folder = readFileSync(note, "utf8");
  if (!existsSync(join(folder, ".s.PGSQL.5432"))) return undefined;
  return `postgres://postgres@/postgres?host=${encodeURIComponent(folder)}`;
}
