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
import { invocationOf } from "../../project/package-manager.ts";
import type { RecordRequest } from "./record-migrations-child.ts";

/** How drizzle-kit reaches the database, and which tables it ignores. To be spread into drizzle-kit's configuration. */
export type KitCredentials =
  | { dialect: "postgresql"; dbCredentials: { url: string } }
  | { dialect: "postgresql"; driver: "pglite"; dbCredentials: { url: string } }
  | { dialect: "postgresql" }
  | { dialect: "sqlite" | "mysql"; dbCredentials: { url: string }; tablesFilter: string[] }
  | { dialect: "sqlite" | "mysql"; tablesFilter: string[] };

type Recording = (where: Omit<RecordRequest, "migrations">) => void;

/**
 * `@next/env` is a CommonJS package. Imported by a module, it is the default export; compiled to CommonJS, there is
 * none.
 */
const { loadEnvConfig } = (nextEnvModule as { default?: typeof nextEnvModule }).default ?? nextEnvModule;

/** The commands of drizzle-kit that open the database. All others only read and write files. */
const opening = new Set(["push", "migrate", "studio", "pull", "introspect"]);

/**
 * Says where to find the reason: drizzle-kit often says nothing when it cannot reach the database or a migration fails.
 */
function sayWhereToLook(code: number): void {
  if (code === 0) return;
  console.error(
    `\ndrizzle-kit failed. If it did not say why: \`${invocationOf("convex-lite dev")}\` says what is wrong with DATABASE_URL, and \`${invocationOf("convex-lite start")}\` says which migration fails and why.`,
  );
}

/**
 * Excludes the framework's tables. On PostgreSQL they are in a schema that drizzle-kit does not read, and need no
 * filter.
 */
const tablesFilter = [`!${OWN_PREFIX}*`];

/**
 * For `drizzle.config.ts`: the application's own database. It follows from the tables in `convex/schema.ts` and from
 * `DATABASE_URL`, also in the `.env*` files, which are read as Next reads them.
 *
 * Only one process can have the embedded PostgreSQL open, so drizzle-kit holds its lock until it ends. While a `pnpm
 * dev` holds the lock, drizzle-kit connects to that process instead. A SQLite file may be open in both.
 *
 * Before `migrate`, the migrations whose changes development has made already are recorded, so that `migrate` does not
 * run them.
 *
 * Synchronous, because drizzle-kit's configuration must be, and without `import.meta`, because drizzle-kit compiles it
 * to CommonJS.
 * @param root The folder of the project. Default: the working directory.
 * @returns the dialect and the address of the database, to be spread into drizzle-kit's configuration.
 * @throws when another process uses the database and cannot share it, or when the address does not fit the tables.
 * @example
 * export default defineConfig({ schema: "./convex/schema.ts", out: "./drizzle", ...credentialsForDrizzleKit() });
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
  // Commands that only write migrations need no database, so an address that does not fit is ignored.
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
 * The dialect by the packages of Drizzle that the schema and the files it imports import. The schema is not run, which
 * would take a promise. Undefined for no such package, or for several, which drizzle-kit reports itself.
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

/**
 * Records migrations in a child process, because that takes promises. When it fails, it warns, and `migrate` runs all
 * the same.
 */
function recordFirst(request: RecordRequest): void {
  const child = join(__dirname, `record-migrations-child${extname(__filename)}`);
  // Not as an argument: an address may hold a password, and all users of the machine can read the arguments of a
  // process.
  const input = JSON.stringify(request);
  const { status, stderr } = spawnSync(process.execPath, [child], { input, encoding: "utf8" });
  if (status !== 0)
    console.error(`Could not find out which migrations' changes development has made already: ${stderr.trim()}`);
}

function embeddedCredentials(directory: string, record: Recording | undefined): KitCredentials {
  const { url, release } = reachEmbedded(directory);
  if (url !== undefined) {
    record?.({ url });
    return forServer(url);
  }
  if (!record || !existsSync(directory)) return forDirectory(directory);
  // One process at a time: this one releases the lock while the child process has the database open.
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

/** The address of the process that has the database open; or else the lock, with which this process may open it. */
function reachEmbedded(directory: string): { url: string; release?: never } | { url?: never; release: () => void } {
  mkdirSync(dirname(directory), { recursive: true });
  // A server that starts takes the lock some time before it accepts connections. So this tries for 5 seconds.
  for (let triesLeft = 50; ; triesLeft--) {
    try {
      const lock = lockDirectory(directory);
      // Keeps a reference to the lock: garbage collection would release it. The end of the process would release it
      // anyway.
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

/**
 * The address of the process that has the directory open, if that process serves tools (see
 * serve-postgres-protocol.ts).
 */
function socketOf(directory: string): string | undefined {
  const note = `${directory}.socket`;
  if (!existsSync(note)) return undefined;
  const folder = readFileSync(note, "utf8");
  if (!existsSync(join(folder, ".s.PGSQL.5432"))) return undefined;
  return `postgres://postgres@/postgres?host=${encodeURIComponent(folder)}`;
}
