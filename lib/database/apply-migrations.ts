import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readMigrationFiles } from "drizzle-orm/migrator";
import type { Log } from "../environment/environment.ts";
import { alone, inTransaction } from "./alone.ts";
import { dialects } from "./dialects.ts";
import type { Connection, Driver } from "./driver.ts";
import { innermostMessage, sqlState, UnusableDatabaseError } from "./failure.ts";
import { readMeta, writeMeta } from "./internal-tables.ts";
import { schemaFingerprint } from "./schema-fingerprint.ts";

/** What became of the migrations that the database had not recorded, by name, oldest first. */
export interface AppliedMigrations {
  applied: string[];
  /** Development had brought the database this far already: recorded, not run. */
  recognised: string[];
}

export interface ApplyMigrationsOptions {
  driver: Driver;
  /** What drizzle-kit generates into, usually `drizzle` in the project. */
  folder: string;
  log: Log;
}

/**
 * Production: runs the migrations in `folder` that this database has not had, in one transaction, while other servers that
 * start at the same time wait. Records them where drizzle-kit does, so that `drizzle-kit migrate` agrees.
 * @throws when one fails (then none was applied), and when development left the database in a state no migration describes.
 */
export async function applyMigrations({ driver, folder, log }: ApplyMigrationsOptions): Promise<AppliedMigrations> {
  const migrations = readMigrations(folder);
  if (migrations.length === 0) {
    await withoutMigrations(driver, folder, log);
    return { applied: [], recognised: [] };
  }
  const done = await alone(driver, () =>
    inTransaction(driver, "define", (connection) => migrate(connection, migrations)),
  );
  if (done.recognised.length > 0) log.info(`Development had applied what is in ${done.recognised.join(", ")}.`);
  if (done.applied.length > 0) log.info(`Migrated the database: ${done.applied.join(", ")}.`);
  return done;
}

interface Migration {
  name: string;
  statements: string[];
  hash: string;
  /** When it was generated; drizzle tells by this which ones a database has had. */
  when: number;
  /** Of the schema after it; undefined when its snapshot is not there. */
  fingerprint: string | undefined;
}

function readMigrations(folder: string): Migration[] {
  const journalFile = join(folder, "meta", "_journal.json");
  if (!existsSync(journalFile)) return [];
  const { entries } = JSON.parse(readFileSync(journalFile, "utf8")) as { entries: Array<{ idx: number; tag: string }> };
  return readMigrationFiles({ migrationsFolder: folder }).map(({ sql, hash, folderMillis }, i) => ({
    name: entries[i]?.tag ?? String(i),
    statements: sql,
    hash,
    when: folderMillis,
    fingerprint: fingerprintIn(join(folder, "meta", `${String(entries[i]?.idx ?? i).padStart(4, "0")}_snapshot.json`)),
  }));
}

function fingerprintIn(snapshotFile: string): string | undefined {
  return existsSync(snapshotFile) ? schemaFingerprint(JSON.parse(readFileSync(snapshotFile, "utf8"))) : undefined;
}

/** A database that development made is fine for trying `pnpm start`; one that nobody made has no tables. */
async function withoutMigrations(driver: Driver, folder: string, log: Log): Promise<void> {
  const advice = `There are no migrations in ${folder}. Run \`pnpm drizzle-kit generate\` and commit what it writes.`;
  const made = await inTransaction(driver, "read", (connection) => readMeta(connection, "schema"));
  if (made === undefined) throw new UnusableDatabaseError(`${driver.description} has no tables yet. ${advice}`);
  log.warn(advice);
}

async function migrate(connection: Connection, migrations: readonly Migration[]): Promise<AppliedMigrations> {
  const pending = migrations.slice(await recordedOf(connection, migrations));
  if (pending.length === 0) return { applied: [], recognised: [] };
  const broughtTo = await readMeta(connection, "schema");
  const described = migrations.findLastIndex(
    ({ fingerprint }) => fingerprint !== undefined && fingerprint === broughtTo,
  );
  if (broughtTo !== undefined && described < 0) throw new UnusableDatabaseError(inBetween);
  const recognised = pending.slice(0, Math.max(0, described + 1 - (migrations.length - pending.length)));
  const applied = pending.slice(recognised.length);
  for (const migration of recognised) await record(connection, migration);
  for (const migration of applied) {
    await run(connection, migration);
    await record(connection, migration);
  }
  const newest = migrations.at(-1)?.fingerprint;
  if (newest !== undefined) await writeMeta(connection, "schema", newest);
  return { applied: applied.map(({ name }) => name), recognised: recognised.map(({ name }) => name) };
}

/** How many of the migrations the database has had. Drizzle's own rule: those not newer than the newest recorded. */
async function recordedOf(connection: Connection, migrations: readonly Migration[]): Promise<number> {
  const { table, create } = dialects[connection.dialect].migrations;
  for (const statement of create) await connection.execute(statement);
  const [row] = await connection.execute(`select max(created_at) as newest from ${table}`);
  if (row?.newest == null) return 0;
  return migrations.findLastIndex(({ when }) => when <= Number(row.newest)) + 1;
}

async function run(connection: Connection, { name, statements }: Migration): Promise<void> {
  for (const statement of statements) {
    try {
      await connection.execute(statement);
    } catch (error) {
      throw new Error(
        `Migration ${name} failed, and nothing was applied: ${innermostMessage(error)}. ${whatToDo(error)}`,
        {
          cause: error,
        },
      );
    }
  }
}

function record(connection: Connection, { hash, when }: Migration): Promise<unknown> {
  const { table } = dialects[connection.dialect].migrations;
  return connection.change(`insert into ${table} (hash, created_at) values ($1, $2)`, [hash, when]);
}

/** Duplicate table, column, object, schema, index: what the migration makes is there. */
function whatToDo(error: unknown): string {
  return ["42P07", "42701", "42710", "42P06"].includes(sqlState(error) ?? "")
    ? "The database holds this already, but not by way of migrations: use an empty one, " +
        "or run `pnpm dev` on it once, which notes how far it is."
    : "Correct the migration, or the rows that are in its way.";
}

const inBetween =
  "This database was brought by development to a schema that no migration in the folder describes. Run `pnpm dev` once, so that " +
  "it reaches the present schema, and `pnpm drizzle-kit generate`, so that a migration describes that; or use another database.";
