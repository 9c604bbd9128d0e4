import { createRequire } from "node:module";
import type { Dialect, Driver } from "../database/driver/driver.ts";
import { inTransaction } from "../database/internal/database-lock.ts";

type KitApi = typeof import("drizzle-kit/api");

/**
 * Creates the tables of a schema in a database that has none of them. For tests: an application's database has
 * migrations.
 */
export async function createTables(driver: Driver, schema: Record<string, unknown>): Promise<void> {
  // drizzle-kit, a CommonJS module, takes a third of a second to load, so it is loaded only when tables are created.
  const kit = createRequire(import.meta.url)("drizzle-kit/api") as KitApi;
  const statements = await plans[driver.dialect](kit, schema);
  await inTransaction(driver, "define", async (connection) => {
    for (const statement of statements.flatMap((each) => each.split("--> statement-breakpoint"))) {
      await connection.execute(statement);
    }
  });
}

/** The statements that create a schema's tables from nothing, in each dialect. */
const plans: Readonly<Record<Dialect, (kit: KitApi, schema: Record<string, unknown>) => Promise<string[]>>> = {
  pg: async (kit, schema) => kit.generateMigration(kit.generateDrizzleJson({}), kit.generateDrizzleJson(schema)),
  sqlite: async (kit, schema) =>
    kit.generateSQLiteMigration(await kit.generateSQLiteDrizzleJson({}), await kit.generateSQLiteDrizzleJson(schema)),
  mysql: async (kit, schema) =>
    kit.generateMySQLMigration(await kit.generateMySQLDrizzleJson({}), await kit.generateMySQLDrizzleJson(schema)),
};
