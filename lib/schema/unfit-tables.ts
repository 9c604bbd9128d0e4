import { getTableColumns, getTableName, type Table } from "drizzle-orm";
import { CasingCache } from "drizzle-orm/casing";
import { innermostMessage } from "../database/driver/database-errors.ts";
import type { Casing, Driver } from "../database/driver/driver.ts";
import { tablesOf } from "../database/driver/schema-dialect.ts";
import { inTransaction } from "../database/internal/database-lock.ts";
import { internalSql } from "../database/internal/internal-sql.ts";
import { invocationOf } from "../project/package-manager.ts";

/**
 * In production, compares the schema with the database: reads no row of each table, by the names that queries will use.
 * @returns what to log, or undefined when every table and column is there.
 * @throws when the database cannot be reached.
 */
export async function unfitTables(
  driver: Driver,
  schema: Record<string, unknown>,
  casing?: Casing,
): Promise<string | undefined> {
  const problems: string[] = [];
  for (const table of tablesOf(schema)) {
    try {
      await inTransaction(driver, "read", (connection) => connection.execute(noRowOf(table, driver, casing)));
    } catch (error) {
      if (driver.classify(error) !== "other") throw error;
      problems.push(`  ${getTableName(table)}: ${innermostMessage(error)}`);
    }
  }
  if (problems.length === 0) return undefined;
  return [
    "The database does not fit convex/schema.ts: functions that use these tables will fail.",
    ...problems,
    `Run \`${invocationOf("drizzle-kit generate")}\` and commit what it writes. If only the spelling of a column differs (first_name, firstName), ` +
      "the migrations were made with another `casing` than drizzle.config.ts has here.",
  ].join("\n");
}

function noRowOf(table: Table, { dialect }: Driver, casing: Casing | undefined): string {
  const { quoted } = internalSql[dialect];
  const names = new CasingCache(casing);
  const columns = Object.values(getTableColumns(table)).map((column) => quoted(names.getColumnCasing(column)));
  return `select ${columns.join(", ")} from ${schemaOf(table, quoted)}${quoted(getTableName(table))} where 1 = 0`;
}

/** Drizzle keeps a table's schema under a symbol. */
function schemaOf(table: Table, quoted: (name: string) => string): string {
  const schema = (table as unknown as Record<symbol, unknown>)[Symbol.for("drizzle:Schema")];
  return typeof schema === "string" ? `${quoted(schema)}.` : "";
}
