import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { invocationOf } from "../../project/package-manager.ts";
import { DrizzleKitProcess } from "../snapshot/drizzle-kit-process.ts";
import { readDrizzleConfig } from "./drizzle-config.ts";
import { readMigrations } from "./migration-files.ts";

/**
 * Says that `convex/schema.ts` has tables, or changes of them, that no migration makes. Production only runs migrations, so
 * it would lack them.
 * @param folder The folder into which drizzle-kit generates. If it keeps no description of the schema beside its last
 *   migration, the two cannot be compared, and nothing is said.
 * @returns a sentence with what to run, or undefined.
 * @throws {UnplannedError} when the schema does not load.
 */
export async function missingMigration(schemaPath: string, folder: string): Promise<string | undefined> {
  const migrations = readMigrations(folder);
  const last = migrations.at(-1)?.fingerprint;
  if (!existsSync(schemaPath) || (migrations.length > 0 && last === undefined)) return undefined;
  const drizzleKit = new DrizzleKitProcess();
  try {
    const { casing } = await readDrizzleConfig(dirname(folder));
    const { dialect, fingerprints } = await drizzleKit.read(schemaPath, casing);
    const hasNoTables = dialect === undefined && last === undefined;
    if (hasNoTables || Object.values(fingerprints).some((fingerprint) => fingerprint === last)) return undefined;
  } finally {
    drizzleKit.close();
  }
  const generate = invocationOf("drizzle-kit generate", dirname(folder));
  return `The tables in convex/schema.ts are not in drizzle/ yet. Run \`${generate}\`, and build again (--allow-pending builds all the same).`;
}
