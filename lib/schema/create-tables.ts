import { createRequire } from "node:module";
import type { Dialect, Driver } from "../database/driver/driver.ts";
import { inTransaction } from "../database/internal/database-lock.ts";

type KitApi = typeof import("drizzle-kit/api");

/**
 * Creates the tables of a schema in a database that has none of them. For tests: an application's database has
 * migrations.
 */
export async function createTables(driver: Driver, schema: Record<string, unknown>): Promise<void> {
  await runDefinitions(driver, await tableDefinitions(driver.dialect, schema));
}

/** @returns the statements that create a schema's tables. Equal schemas have equal statements. */
export async function tableDefinitions(dialect: Dialect, schema: Record<string, unknown>): Promise<string[]> {
  // drizzle-kit, a CommonJS module, takes a third of a second to load, so it is loaded only when tables are created.
  const kit = createRequire(import.meta.url)("drizzle-kit/api") as KitApi;
  const statements = await plans[dialect](kit, schema);
  return statements.flatMap((each) => each.split("--> statement-breakpoint"));
}

/** Runs what `tableDefinitions` has returned. */
export async function runDefinitions(driver: Driver, statements: readonly string[]): Promise<void> {
  await inTransaction(driver, "define", async (connection) => {
    for (const statement of statements) await connection.execute(statement);
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
