import { createRequire } from "node:module";
import { inTransaction } from "./alone.ts";
import type { Driver } from "./driver.ts";

type KitApi = typeof import("drizzle-kit/api");

/** Makes the tables of a schema in a database that has none of them. For tests: an application's database has migrations. */
export async function createTables(driver: Driver, schema: Record<string, unknown>): Promise<void> {
  // drizzle-kit is a CommonJS module that takes a third of a second to load: only whoever makes tables pays for it.
  const kit = createRequire(import.meta.url)("drizzle-kit/api") as KitApi;
  const statements = await kit.generateMigration(kit.generateDrizzleJson({}), kit.generateDrizzleJson(schema));
  await inTransaction(driver, "write", async (connection) => {
    for (const statement of statements) await connection.execute(statement);
  });
}
