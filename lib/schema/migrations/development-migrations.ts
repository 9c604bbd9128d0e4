import type { Driver } from "../../database/driver/driver.ts";
import { inTransaction } from "../../database/internal/database-lock.ts";
import { readMeta } from "../../database/internal/internal-tables.ts";
import { introspect } from "../introspect/introspect.ts";
import { isUnchanged } from "../introspect/introspected-schema.ts";
import { DrizzleKitProcess } from "../snapshot/drizzle-kit-process.ts";
import type { SchemaSnapshot } from "../snapshot/snapshot.ts";
import { readMigrations, record, recordedOf } from "./migration-files.ts";

/**
 * Records the migrations up to the one that makes this schema, which the database has. A database that development made
 * has the changes of these migrations and has run none of them. Once they are recorded, `drizzle-kit migrate` runs only
 * later ones.
 */
export async function recordMigrations(
  driver: Driver,
  folder: string | undefined,
  fingerprint: string | undefined,
): Promise<void> {
  if (folder === undefined || fingerprint === undefined) return;
  const migrations = readMigrations(folder);
  const described = migrations.findLastIndex((migration) => migration.fingerprint === fingerprint);
  if (described < 0) return;
  await inTransaction(driver, "define", async (connection) => {
    const recorded = await recordedOf(connection, migrations);
    for (const migration of migrations.slice(recorded, described + 1)) await record(connection, migration);
  });
}

/**
 * Records the migrations whose changes development has made, for a migration that was generated after the last push.
 * Does nothing to a database that development has not made, or that has been changed since.
 * @throws {UnplannedError} when drizzle-kit fails.
 */
export async function recordWhatDevelopmentMade(driver: Driver, folder: string): Promise<void> {
  const kept = await inTransaction(driver, "read", async (connection) => ({
    fingerprint: await readMeta(connection, "schema"),
    snapshot: await readMeta(connection, "snapshot"),
  }));
  const describes = readMigrations(folder).some(({ fingerprint }) => fingerprint === kept.fingerprint);
  if (kept.fingerprint === undefined || kept.snapshot === undefined || !describes) return;
  const drizzleKit = new DrizzleKitProcess();
  try {
    const { introspected, candidates } = await introspect(driver, drizzleKit, [
      JSON.parse(kept.snapshot) as SchemaSnapshot,
    ]);
    if (isUnchanged(introspected, candidates[0], kept.fingerprint))
      await recordMigrations(driver, folder, kept.fingerprint);
  } finally {
    drizzleKit.close();
  }
}
