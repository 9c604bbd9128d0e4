import { createTableRelationsHelpers, extractTablesRelationalConfig, type TablesRelationalConfig } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";

/** A schema in the form in which Drizzle's `db.query` wants it. */
export interface RelationalSchema {
  fullSchema: Record<string, unknown>;
  schema: TablesRelationalConfig;
  tableNamesMap: Record<string, string>;
  /** Belongs to one schema: it remembers the columns of each table by the table's name, and would miss a new one. */
  dialect: PgDialect;
}

/** @param schema The exports of `convex/schema.ts`: tables, relations, and whatever else; the rest is ignored. */
export function relationalSchema(schema: Record<string, unknown>): RelationalSchema {
  const config = extractTablesRelationalConfig(schema, createTableRelationsHelpers);
  return { fullSchema: schema, schema: config.tables, tableNamesMap: config.tableNamesMap, dialect: new PgDialect() };
}
