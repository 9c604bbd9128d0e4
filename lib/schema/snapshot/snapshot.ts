import type { Dialect } from "../../database/driver/driver.ts";

/**
 * What drizzle-kit writes of a schema, beside migrations and in our table `meta`. The parts that the three dialects share,
 * and that we look at; whatever else it holds is carried along.
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
  /** Of the enum that is its type. */
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
  /** Names, or on PostgreSQL what says more about each. */
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

/** A table as people write it: `"notes"`, or `"app"."notes"` where it is in a schema of its own. */
export function shownTable({ name, schema }: Pick<TableSnapshot, "name" | "schema">): string {
  return schema ? `"${schema}"."${name}"` : `"${name}"`;
}

export function checksOf(table: TableSnapshot): Record<string, CheckSnapshot> {
  return table.checkConstraints ?? table.checkConstraint ?? {};
}

/** The columns of the primary key, which drizzle-kit notes in one of two places. */
export function primaryKeyOf(table: TableSnapshot): string[] {
  const [composite] = Object.values(table.compositePrimaryKeys);
  if (composite) return composite.columns;
  return Object.values(table.columns).flatMap(({ name, primaryKey }) => (primaryKey ? [name] : []));
}

/** The names of the columns that an index or a rule is about; an expression counts as one. */
export function columnsOf({ columns }: IndexSnapshot): string[] {
  return columns.map((column) => (typeof column === "string" ? column : column.expression));
}

/** The schema of nothing. */
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

/** Tables that are in both, before and after. */
export function sharedTables(from: SchemaSnapshot, to: SchemaSnapshot): Array<[TableSnapshot, TableSnapshot]> {
  return Object.entries(from.tables).flatMap(([key, before]) => {
    const after = to.tables[key];
    return after ? [[before, after] satisfies [TableSnapshot, TableSnapshot]] : [];
  });
}
