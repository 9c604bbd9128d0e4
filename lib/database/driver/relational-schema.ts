import { createTableRelationsHelpers, extractTablesRelationalConfig, type TablesRelationalConfig } from "drizzle-orm";

/** A schema in the form in which Drizzle's `db.query` wants it. */
export interface RelationalSchema<DrizzleDialect> {
  fullSchema: Record<string, unknown>;
  schema: TablesRelationalConfig;
  tableNamesMap: Record<string, string>;
  /** Belongs to one schema: it remembers the columns of each table by the table's name, and would miss a new one. */
  dialect: DrizzleDialect;
}

/**
 * @param schema The exports of `convex/schema.ts`: tables, relations, and whatever else; the rest is ignored.
 * @param dialect One of Drizzle's own that no other schema is used with.
 */
export function relationalSchema<DrizzleDialect>(
  schema: Record<string, unknown>,
  dialect: DrizzleDialect,
): RelationalSchema<DrizzleDialect> {
  const config = extractTablesRelationalConfig(schema, createTableRelationsHelpers);
  return { fullSchema: schema, schema: config.tables, tableNamesMap: config.tableNamesMap, dialect };
}
