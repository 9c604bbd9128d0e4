import { dirname } from "node:path";
import { DrizzleKitProcess } from "../snapshot/drizzle-kit-process.ts";
import { readDrizzleConfig } from "./drizzle-config.ts";
import { readMigrations } from "./migration-files.ts";

/**
 * Warns when `convex/schema.ts` has changes that no migration makes. Production only runs migrations, so it would lack
 * them.
 * @param folder The folder into which drizzle-kit generates. Without a migration in it there is no warning: the project
 * may change its database in another way.
 * @returns the warning, or undefined.
 * @throws {UnplannedError} when the schema does not load.
 */
export async function missingMigration(schemaPath: string, folder: string): Promise<string | undefined> {
  const last = readMigrations(folder).at(-1)?.fingerprint;
  if (last === undefined) return undefined;
  const drizzleKit = new DrizzleKitProcess();
  try {
    const { casing } = await readDrizzleConfig(dirname(folder));
    const { fingerprints } = await drizzleKit.read(schemaPath, casing);
    if (Object.values(fingerprints).includes(last)) return undefined;
  } finally {
    drizzleKit.close();
  }
  return "convex/schema.ts has changes that no migration in drizzle/ makes, and `pnpm start` makes none itself: run `pnpm drizzle-kit generate`.";
}
