import { DrizzleKitProcess } from "../snapshot/drizzle-kit-process.ts";
import { readMigrations } from "./migration-files.ts";

/**
 * Does `convex/schema.ts` say something that no migration makes? Production only runs migrations, so it would not be there.
 * @param folder That drizzle-kit generates into. Whoever has generated nothing may have another way: then there is no word.
 * @returns what to tell, or undefined.
 * @throws {UnplannedError} when the schema does not load.
 */
export async function missingMigration(schemaPath: string, folder: string): Promise<string | undefined> {
  const last = readMigrations(folder).at(-1)?.fingerprint;
  if (last === undefined) return undefined;
  const drizzleKit = new DrizzleKitProcess();
  try {
    const { fingerprints } = await drizzleKit.read(schemaPath);
    if (Object.values(fingerprints).includes(last)) return undefined;
  } finally {
    drizzleKit.close();
  }
  return "convex/schema.ts has changes that no migration in drizzle/ makes, and `pnpm start` makes none itself: run `pnpm drizzle-kit generate`.";
}
