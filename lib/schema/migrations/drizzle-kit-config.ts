import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import * as nextEnvModule from "@next/env";
import * as esbuild from "esbuild";
import { examples, fileOf, parseDatabaseUrl, requireDatabase } from "../../database/driver/database-url.ts";
import { DirectoryInUseError, lockDirectory } from "../../database/driver/directory-lock.ts";
import type { Dialect } from "../../database/driver/driver.ts";
import { OWN_PREFIX } from "../../database/internal/internal-sql.ts";
import { withTlsOfMysql2 } from "../../database/mysql/mysql-tls.ts";
import type { RecordRequest } from "./record-migrations-child.ts";

/** How drizzle-kit reaches the database, and what in it is none of its business; to be spread into its configuration. */
export type KitCredentials =
  | { dialect: "postgresql"; dbCredentials: { url: string } }
  | { dialect: "postgresql"; driver: "pglite"; dbCredentials: { url: string } }
  | { dialect: "postgresql" }
  | { dialect: "sqlite" | "mysql"; dbCredentials: { url: string }; tablesFilter: string[] }
  | { dialect: "sqlite" | "mysql"; tablesFilter: string[] };

type Recording = (where: Omit<RecordRequest, "migrations">) => void;

/** A CommonJS package: imported from a module all of it is the default export, compiled to CommonJS there is none. */
const { loadEnvConfig } = (nextEnvModule as { default?: typeof nextEnvModule }).default ?? nextEnvModule;

/** Commands of drizzle-kit that open the database; the others only read and write files. */
const opening = new Set(["push", "migrate", "studio", "pull", "introspect"]);

/** drizzle-kit often ends without a word when it cannot reach the database, or a migration fails. */
function sayWhereToLook(code: number): void {
  if (code === 0) return;
  console.error(
    "\ndrizzle-kit failed. If it did not say why: `pnpm dev` says in a sentence what is wrong with DATABASE_URL, and `pnpm start` which migration fails and for what reason.",
  );
}

/** The framework's tables lie among the author's, but on PostgreSQL, where they have a schema that drizzle-kit does not see. */
const tablesFilter = [`!${OWN_PREFIX}*`];

/**
 * For `drizzle.config.ts`: the application's own database, as the tables in `convex/schema.ts`, `DATABASE_URL` and the
 * `.env*` files say, read as Next reads them.
 *
 * The embedded PostgreSQL can be open in one process only, so drizzle-kit takes its lock for as long as it lives; while a
 * `pnpm dev` holds that, drizzle-kit is sent there instead. A SQLite file may be open in both.
 *
 * Before `migrate` the migrations are recorded whose schema development has made already, so that it runs none of them.
 *
 * Synchronous, as drizzle-kit wants its configuration, and without `import.meta`, as it compiles it to CommonJS.
 * @throws when the database is in use by something that cannot share it, and when address and tables do not fit.
 */
export function credentialsForDrizzleKit(root = process.cwd()): KitCredentials {
  const migrates = process.argv.includes("migrate");
  const record: Recording | undefined = migrates
    ? (where) => recordFirst({ ...where, migrations: join(root, "drizzle") })
    : undefined;
  loadEnvConfig(root, process.env.NODE_ENV !== "production", { info() {}, error: console.error });
  const url = process.env.DATABASE_URL?.trim();
  const opens = process.argv.some((argument) => opening.has(argument));
  if (opens) process.once("exit", sayWhereToLook);
  const address = url ? parseDatabaseUrl(url) : undefined;
  const dialect = dialectIn(join(root, "convex", "schema.ts")) ?? address?.dialect ?? "pg";
  // To write migrations no database is needed, so that one for another need not be taken out of the way.
  if (opens && address && address.dialect !== dialect) {
    throw new Error(
      `The tables in convex/schema.ts are made with drizzle-orm/${dialect}-core, but DATABASE_URL begins with ` +
        `"${address.scheme}:". Set it to an address like ${examples[dialect]}.`,
    );
  }
  if (dialect === "pg") {
    if (opens && address) requireDatabase(address.url);
    if (address?.dialect === "pg") {
      record?.({ url: url as string });
      return { dialect: "postgresql", dbCredentials: { url: address.url } };
    }
    return opens ? embeddedCredentials(resolve(root, ".convex", "pglite"), record) : { dialect: "postgresql" };
  }
  if (!opens) return { dialect, tablesFilter };
  if (dialect === "mysql") {
    if (!url) throw new Error(`MySQL cannot be embedded: set DATABASE_URL to a server, like ${examples.mysql}.`);
    record?.({ url });
    return { dialect, dbCredentials: { url: withTlsOfMysql2(url) }, tablesFilter };
  }
  const file = url ? fileOf(url) : resolve(root, ".convex", "database.sqlite");
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file)) record?.({ sqlite: file });
  return { dialect, dbCredentials: { url: file }, tablesFilter };
}

const packages: Record<string, Dialect> = {
  "drizzle-orm/pg-core": "pg",
  "drizzle-orm/sqlite-core": "sqlite",
  "drizzle-orm/mysql-core": "mysql",
};

/**
 * By the package that the schema's tables are made with, wherever in the project they are. It is not run: that would take
 * a promise. Undefined when it names none, or more than one, which drizzle-kit says itself.
 */
function dialectIn(schemaPath: string): Dialect | undefined {
  if (!existsSync(schemaPath)) return undefined;
  const { metafile } = esbuild.buildSync({
    entryPoints: [schemaPath],
    absWorkingDir: dirname(schemaPath),
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  const found = new Set(imported.flatMap((path) => packages[path] ?? []));
  const [first, ...others] = found;
  return others.length > 0 ? undefined : first;
}

/** In a process of its own, as it takes promises. Should it fail, `migrate` does what it can, and says little of why not. */
function recordFirst(request: RecordRequest): void {
  const child = join(__dirname, `record-migrations-child${extname(__filename)}`);
  // Not among its arguments, which everybody on the machine may read: an address holds a password.
  const input = JSON.stringify(request);
  const { status, stderr } = spawnSync(process.execPath, [child], { input, encoding: "utf8" });
  if (status !== 0) console.error(`Nobody could look which migrations development has made already: ${stderr.trim()}`);
}

function embeddedCredentials(directory: string, record: Recording | undefined): KitCredentials {
  const { url, release } = reachEmbedded(directory);
  if (url !== undefined) {
    record?.({ url });
    return forServer(url);
  }
  if (!record || !existsSync(directory)) return forDirectory(directory);
  // One process at a time: this one stands back while the other looks.
  release();
  record({ pglite: directory });
  const again = reachEmbedded(directory);
  return again.url === undefined ? forDirectory(directory) : forServer(again.url);
}

function forServer(url: string): KitCredentials {
  return { dialect: "postgresql", dbCredentials: { url } };
}

function forDirectory(directory: string): KitCredentials {
  return { dialect: "postgresql", driver: "pglite", dbCredentials: { url: directory } };
}

/** By the address of the process that has it; or, with its lock, by itself. */
function reachEmbedded(directory: string): { url: string; release?: never } | { url?: never; release: () => void } {
  mkdirSync(dirname(directory), { recursive: true });
  // A server that is starting has the lock some time before it can be reached.
  for (let triesLeft = 50; ; triesLeft--) {
    try {
      const lock = lockDirectory(directory);
      // Not so much to release it, which the end of the process does, as to keep it: what nothing refers to is collected.
      process.on("exit", lock.release);
      return { release: lock.release };
    } catch (error) {
      const url = socketOf(directory);
      if (url) return { url };
      if (!(error instanceof DirectoryInUseError) || triesLeft === 0) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
}

/** The address of the process that has the directory open, if it lets tools in (see serve-postgres-protocol.ts). */
function socketOf(directory: string): string | undefined {
  const note = `${directory}.socket`;
  if (!existsSync(note)) return undefined;
  const folder = readFileSync(note, "utf8");
  if (!existsSync(join(folder, ".s.PGSQL.5432"))) return undefined;
  return `postgres://postgres@/postgres?host=${encodeURIComponent(folder)}`;
}
