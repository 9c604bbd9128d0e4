import type { Dialect } from "../../database/driver/driver.ts";

/**
 * drizzle-kit's description of a schema, as stored beside migrations and in the framework's table `meta`. The type
 * names the parts that the three dialects share and that are read here; all other parts are passed on.
 */
export interface SchemaSnapshot {
  /** By name, on PostgreSQL `schema.name`. */
  tables: Record<string, TableSnapshot>;
  views?: Record<string, NamedSnapshot>;
  /** Only PostgreSQL has these, by `schema.name` or name. */
  enums?: Record<string, EnumSnapshot>;
  schemas?: Record<string, string>;
  sequences?: Record<string, NamedSnapshot>;
  roles?: Record<string, NamedSnapshot>;
  policies?: Record<string, NamedSnapshot>;
  [other: string]: unknown;
}

export interface TableSnapshot {
  name: string;
  schema?: string;
  columns: Record<string, ColumnSnapshot>;
  indexes: Record<string, IndexSnapshot>;
  foreignKeys: Record<string, ForeignKeySnapshot>;
  compositePrimaryKeys: Record<string, { name: string; columns: string[] }>;
  uniqueConstraints: Record<string, IndexSnapshot>;
  checkConstraints?: Record<string, CheckSnapshot>;
  /** MySQL's name for them. */
  checkConstraint?: Record<string, CheckSnapshot>;
  policies?: Record<string, NamedSnapshot>;
  isRLSEnabled?: boolean;
}

export interface ColumnSnapshot {
  name: string;
  type: string;
  /** The schema of the enum that is its type. */
  typeSchema?: string;
  primaryKey: boolean;
  notNull: boolean;
  /** SQL, or a plain value. */
  default?: unknown;
  autoincrement?: boolean;
  onUpdate?: boolean;
  generated?: { as: string; type: string };
  identity?: Record<string, unknown>;
  [other: string]: unknown;
}

export interface IndexSnapshot {
  name: string;
  /** Names of columns, or on PostgreSQL objects that also describe each. */
  columns: Array<string | { expression: string; isExpression: boolean }>;
  isUnique?: boolean;
  nullsNotDistinct?: boolean;
  where?: string;
  [other: string]: unknown;
}

export interface ForeignKeySnapshot {
  name: string;
  tableTo: string;
  schemaTo?: string;
  columnsFrom: string[];
  columnsTo: string[];
  onDelete?: string | undefined;
  onUpdate?: string | undefined;
}

export interface CheckSnapshot {
  name: string;
  value: string;
}

export interface EnumSnapshot {
  name: string;
  schema: string;
  values: string[];
}

export interface NamedSnapshot {
  name: string;
  schema?: string;
  [other: string]: unknown;
}

/** A table's name for messages: `"notes"`, or `"app"."notes"` in a PostgreSQL schema of its own. */
export function shownTable({ name, schema }: Pick<TableSnapshot, "name" | "schema">): string {
  return schema ? `"${schema}"."${name}"` : `"${name}"`;
}

export function checksOf(table: TableSnapshot): Record<string, CheckSnapshot> {
  return table.checkConstraints ?? table.checkConstraint ?? {};
}

/** The columns of the primary key. drizzle-kit notes them in one of two places. */
export function primaryKeyOf(table: TableSnapshot): string[] {
  const [composite] = Object.values(table.compositePrimaryKeys);
  if (composite) return composite.columns;
  return Object.values(table.columns).flatMap(({ name, primaryKey }) => (primaryKey ? [name] : []));
}

/** The columns of an index or a rule: their names, and the SQL of expressions. */
export function columnsOf({ columns }: IndexSnapshot): string[] {
  return columns.map((column) => (typeof column === "string" ? column : column.expression));
}

/** The snapshot of a schema without tables. */
export function emptySnapshot(dialect: Dialect): SchemaSnapshot {
  const origin = { id: "00000000-0000-0000-0000-000000000000", prevId: "" };
  const tables = { tables: {}, views: {} };
  switch (dialect) {
    case "pg": {
      const none = { enums: {}, schemas: {}, sequences: {}, roles: {}, policies: {} };
      const meta = { schemas: {}, tables: {}, columns: {} };
      return { version: "7", dialect: "postgresql", ...tables, ...none, _meta: meta, ...origin };
    }
    case "sqlite":
      return { version: "6", dialect, ...tables, enums: {}, _meta: { tables: {}, columns: {} }, ...origin };
    case "mysql":
      return { version: "5", dialect, ...tables, _meta: { tables: {}, columns: {} }, ...origin };
  }
}

/** The tables that are in both snapshots, each before and after. */
export function sharedTables(from: SchemaSnapshot, to: SchemaSnapshot): Array<[TableSnapshot, TableSnapshot]> {
  return Object.entries(from.tables).flatMap(([key, before]) => {
    const after = to.tables[key];
    return after ? [[before, after] satisfies [TableSnapshot, TableSnapshot]] : [];
  });
}
