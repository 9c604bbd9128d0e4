import { createTableRelationsHelpers, extractTablesRelationalConfig, type TablesRelationalConfig } from "drizzle-orm";

/** A schema in the form that Drizzle's `db.query` needs. */
export interface RelationalSchema<DrizzleDialect> {
  fullSchema: Record<string, unknown>;
  schema: TablesRelationalConfig;
  tableNamesMap: Record<string, string>;
  /**
   * For one schema only: it caches the columns of each table by the table's name, and would miss a column added later.
   */
  dialect: DrizzleDialect;
}

/**
 * @param schema The exports of `convex/schema.ts`. Those that are neither tables nor relations are ignored.
 * @param dialect An instance of Drizzle's dialect that is used with no other schema.
 */
export function relationalSchema<DrizzleDialect>(
  schema: Record<string, unknown>,
  dialect: DrizzleDialect,
): RelationalSchema<DrizzleDialect> {
  const config = extractTablesRelationalConfig(schema, createTableRelationsHelpers);
  return { fullSchema: schema, schema: config.tables, tableNamesMap: config.tableNamesMap, dialect };
}
