import type { DatabaseConnection, Dialect } from "../../database/driver/driver.ts";
import type { ForeignKeySnapshot, SchemaSnapshot, TableSnapshot } from "../snapshot/snapshot.ts";

/**
 * A table as its database describes it, in words that are only compared with each other: each database has its own for
 * a type or a default (`varchar(80)` becomes `character varying(80)`, `boolean` becomes `tinyint(1)`).
 */
export interface DescribedTable {
  columns: ReadonlyMap<string, DescribedColumn>;
  primaryKey: readonly string[];
  /** Where it is dropped by its name (PostgreSQL). */
  primaryKeyName?: string | undefined;
  /** Indexes, unique constraints and checks, by name. */
  rules: ReadonlyMap<string, string>;
  /** What `foreignKeyWords` says of each. Their names are no words: SQLite keeps none. */
  foreignKeys: ReadonlySet<string>;
  rowSecurity?: boolean;
  policies?: readonly string[];
}

export interface DescribedColumn {
  type: string;
  required: boolean;
  /** SQL; undefined without one. */
  default: string | undefined;
  /** Whatever else: identity, generated, on update. */
  more: string;
}

/** What else is there, of what the snapshots name. */
export interface DescribedPart {
  /** Keys of the snapshots. */
  views: ReadonlySet<string>;
  schemas: ReadonlySet<string>;
  sequences: ReadonlySet<string>;
  roles: ReadonlySet<string>;
  /** With their values. */
  enums: ReadonlyMap<string, string[]>;
}

/** How one kind of database is asked what it holds. */
export interface Catalogue {
  /** Undefined when there is no such table. */
  table(
    connection: DatabaseConnection,
    table: Named,
    place: "stored" | "temporary",
  ): Promise<DescribedTable | undefined>;
  /**
   * One of drizzle-kit's statements for a new table or its index, made to make a temporary one, which hides the stored
   * one of the same name. Undefined for statements about anything else.
   */
  temporarily(statement: string): string | undefined;
  dropTemporary(table: Named): string;
  others(connection: DatabaseConnection, snapshots: readonly SchemaSnapshot[]): Promise<DescribedPart>;
  /** A name in the catalogue may be shorter than the one that was given. */
  nameOf(given: string): string;
}

export type Named = Pick<TableSnapshot, "name" | "schema">;

/** A foreign key in the same words, whether from a snapshot or from a database. */
export function describeForeignKey(
  { columnsFrom, tableTo, schemaTo, columnsTo, onDelete, onUpdate }: Omit<ForeignKeySnapshot, "name">,
  dialect: Dialect,
): string {
  // To SQLite and MySQL they are the same.
  const rule = (given: string | undefined): string => {
    const said = (given ?? "no action").toLowerCase();
    return dialect === "mysql" && said === "restrict" ? "no action" : said;
  };
  const to = schemaTo && schemaTo !== "public" ? `${schemaTo}.${tableTo}` : tableTo;
  return JSON.stringify([columnsFrom, to, columnsTo, rule(onDelete), rule(onUpdate)]);
}
