import { dirname } from "node:path";
import { innermostMessage, UnusableDatabaseError } from "../../database/driver/database-errors.ts";
import type { DatabaseConnection, Dialect, Driver } from "../../database/driver/driver.ts";
import { inTransaction, withDatabaseLock } from "../../database/internal/database-lock.ts";
import { internalSql } from "../../database/internal/internal-sql.ts";
import { readMeta, writeMeta } from "../../database/internal/internal-tables.ts";
import type { Log } from "../../environment/environment.ts";
import { invocationOf } from "../../project/package-manager.ts";
import { alreadyExists } from "./already-exists.ts";
import { dialectOfMigrations, type Migration, readMigrations, record, recordedOf } from "./migration-files.ts";

/** The migrations that the database had not recorded, by name, oldest first. */
export interface AppliedMigrations {
  /** Those that were run. */
  applied: string[];
  /** Those that were recorded and not run, because development had made their changes already. */
  recognised: string[];
}

export interface ApplyMigrationsOptions {
  driver: Driver;
  /** The folder into which drizzle-kit generates, usually `drizzle` in the project. */
  folder: string;
  /** Whether the schema has tables, which a database without any lacks unless migrations make them. @default true */
  hasTables?: boolean;
  log: Log;
}

/**
 * In production, runs the migrations in `folder` that this database has not had, while other servers that start at the
 * same time wait. All run in one transaction. A database that keeps each change of tables at once (MySQL) runs one
 * statement after the other and stores its progress, so that the next start continues where this one ended.
 * @throws when the migrations are for another database, when one fails, or when development left the database in a
 * state that no migration describes.
 */
export async function applyMigrations({
  driver,
  folder,
  hasTables = true,
  log,
}: ApplyMigrationsOptions): Promise<AppliedMigrations> {
  const migrations = readMigrations(folder);
  if (migrations.length === 0) {
    if (hasTables) await withoutMigrations(driver, folder, log);
    return { applied: [], recognised: [] };
  }
  refuseOthers(driver, folder);
  const done = await withDatabaseLock(driver, () => migrate(driver, migrations));
  if (done.recognised.length > 0)
    log.info(`Recorded, because development had made the changes already: ${done.recognised.join(", ")}.`);
  if (done.applied.length > 0) log.info(`Migrated the database: ${done.applied.join(", ")}.`);
  return done;
}

/** Refuses migrations for another kind of database, left from before a change. They would end in an error of syntax. */
function refuseOthers({ dialect }: Driver, folder: string): void {
  const generatedFor = dialectOfMigrations(folder);
  if (generatedFor === undefined || generatedFor === dialect) return;
  throw new UnusableDatabaseError(
    `${folder} holds ${names[generatedFor]}'s migrations, and convex/schema.ts is of ${names[dialect]}: ` +
      `remove that folder and run \`${invocationOf("drizzle-kit generate")}\`.`,
  );
}

const names: Record<Dialect, string> = { pg: "PostgreSQL", sqlite: "SQLite", mysql: "MySQL" };

/** Without migrations, a database that development made may be used to try `start`; any other has no tables. */
async function withoutMigrations(driver: Driver, folder: string, log: Log): Promise<void> {
  const generate = invocationOf("drizzle-kit generate", dirname(folder));
  const advice = `The tables in convex/schema.ts are not in drizzle/ yet. Run \`${generate}\`, and`;
  const made = await inTransaction(driver, "read", (connection) => readMeta(connection, "schema"));
  if (made === undefined) {
    throw new UnusableDatabaseError(`${driver.description} has no tables. ${advice} start again.`);
  }
  log.warn(`${advice} commit what it writes: no other database than this one has them.`);
}

async function migrate(driver: Driver, migrations: readonly Migration[]): Promise<AppliedMigrations> {
  const rollsBack = internalSql[driver.dialect].definitionsRollBack;
  const { recognised, applied } = await inTransaction(driver, "define", async (connection) => {
    const plan = await recognise(connection, migrations);
    for (const migration of plan.recognised) await record(connection, migration);
    for (const migration of rollsBack ? plan.applied : []) {
      await run(connection, migration);
      await finish(connection, migration);
    }
    return plan;
  });
  for (const migration of rollsBack ? [] : applied) {
    await runOnwards(driver, migration);
    await inTransaction(driver, "write", (connection) => finish(connection, migration));
  }
  return { applied: applied.map(({ name }) => name), recognised: recognised.map(({ name }) => name) };
}

/** Parts the migrations that are not recorded into those whose changes development has made, and those to run. */
async function recognise(
  connection: DatabaseConnection,
  migrations: readonly Migration[],
): Promise<{ recognised: Migration[]; applied: Migration[] }> {
  const pending = migrations.slice(await recordedOf(connection, migrations));
  const broughtTo = await readMeta(connection, "schema");
  const described = migrations.findLastIndex(
    ({ fingerprint }) => fingerprint !== undefined && fingerprint === broughtTo,
  );
  if (pending.length > 0 && broughtTo !== undefined && described < 0) throw new UnusableDatabaseError(inBetween());
  const recognised = pending.slice(0, Math.max(0, described + 1 - (migrations.length - pending.length)));
  return { recognised, applied: pending.slice(recognised.length) };
}

async function finish(connection: DatabaseConnection, migration: Migration): Promise<void> {
  await record(connection, migration);
  await remember(connection, migration);
}

/**
 * Stores the schema after a migration, for a later push to this database. Without its snapshot the schema is unknown.
 */
async function remember(connection: DatabaseConnection, { fingerprint, snapshot }: Migration): Promise<void> {
  if (fingerprint === undefined) return;
  await writeMeta(connection, "schema", fingerprint);
  await writeMeta(connection, "snapshot", JSON.stringify(snapshot));
}

async function run(connection: DatabaseConnection, { name, statements }: Migration): Promise<void> {
  for (const statement of statements) {
    try {
      await connection.execute(statement);
    } catch (error) {
      throw failed(connection, `Migration ${name} failed, and nothing was applied`, error);
    }
  }
}

const PROGRESS = "migration under way";

/**
 * Runs the statements after those that are stored as done. The server may have ended between a statement and storing
 * it, so the first statement may have run already. A statement about tables then fails with an error that says so,
 * which is ignored; a statement about rows runs twice.
 */
async function runOnwards(driver: Driver, { name, statements, hash }: Migration): Promise<void> {
  const note = await inTransaction(driver, "read", (connection) => readMeta(connection, PROGRESS));
  const noted = JSON.parse(note ?? "{}") as { hash?: string; done?: number };
  const done = noted.hash === hash ? (noted.done ?? 0) : 0;
  for (const [i, statement] of statements.entries()) {
    if (i < done) continue;
    try {
      await inTransaction(driver, "define", (connection) => connection.execute(statement));
    } catch (error) {
      const wasUnderWay = noted.hash === hash && i === done;
      if (!wasUnderWay || !alreadyExists(error, driver.dialect)) {
        const kept = i === 0 ? "nothing was applied" : "those before it were kept; the next start continues with it";
        const where = `Migration ${name} failed at statement ${i + 1} of ${statements.length}, and ${kept}`;
        throw failed(driver, where, error);
      }
    }
    const next = JSON.stringify({ hash, done: i + 1 });
    await inTransaction(driver, "write", (connection) => writeMeta(connection, PROGRESS, next));
  }
}

function failed({ dialect }: Pick<Driver, "dialect">, what: string, error: unknown): Error {
  const toDo = alreadyExists(error, dialect)
    ? "The database holds this already, but no migration made it: use an empty database, " +
      `or run \`${invocationOf("convex-lite dev")}\` on this one once, which records the migrations that it has.`
    : "Correct the migration, or the rows that are in its way.";
  return new Error(`${what}: ${innermostMessage(error)}. ${toDo}`, { cause: error });
}

function inBetween(): string {
  return (
    "Development has changed this database to a schema that no migration in the folder describes. Run " +
    `\`${invocationOf("convex-lite dev")}\` once, so that it has the present schema, and \`${invocationOf("drizzle-kit generate")}\`, so that a ` +
    "migration describes that; or use another database."
  );
}
