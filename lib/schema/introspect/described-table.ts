import type { DatabaseConnection, Dialect } from "../../database/driver/driver.ts";
import type { ForeignKeySnapshot, SchemaSnapshot, TableSnapshot } from "../snapshot/snapshot.ts";

/**
 * A table in the words of its database, which are only compared with words of the same database. Each database writes
 * types and defaults in its own way (`varchar(80)` becomes `character varying(80)`, `boolean` becomes `tinyint(1)`).
 */
export interface DescribedTable {
  columns: ReadonlyMap<string, DescribedColumn>;
  primaryKey: readonly string[];
  /** Set where a primary key is dropped by its name (PostgreSQL). */
  primaryKeyName?: string | undefined;
  /** Indexes, unique constraints and checks, by name. */
  rules: ReadonlyMap<string, string>;
  /** The result of `describeForeignKey` for each. Names are not compared, because SQLite keeps none. */
  foreignKeys: ReadonlySet<string>;
  rowSecurity?: boolean;
  policies?: readonly string[];
}

export interface DescribedColumn {
  type: string;
  required: boolean;
  /** SQL; undefined without a default. */
  default: string | undefined;
  /** Everything else: identity, generated, on update. */
  more: string;
}

/** Everything beside tables that the snapshots name and the database has. */
export interface DescribedPart {
  /** By the keys of the snapshots, as are all sets here. */
  views: ReadonlySet<string>;
  schemas: ReadonlySet<string>;
  sequences: ReadonlySet<string>;
  roles: ReadonlySet<string>;
  /** The values of each enum. */
  enums: ReadonlyMap<string, string[]>;
}

/** Reads what one kind of database holds. */
export interface Catalogue {
  /** Describes a table; undefined when it does not exist. */
  table(
    connection: DatabaseConnection,
    table: Named,
    place: "stored" | "temporary",
  ): Promise<DescribedTable | undefined>;
  /**
   * Turns drizzle-kit's statement for a new table or an index into one for a temporary table, which hides the stored
   * table of the same name. Undefined for any other statement.
   */
  temporarily(statement: string): string | undefined;
  dropTemporary(table: Named): string;
  others(connection: DatabaseConnection, snapshots: readonly SchemaSnapshot[]): Promise<DescribedPart>;
  /** A name as the catalogue has it, which may be shorter than the given one. */
  nameOf(given: string): string;
}

export type Named = Pick<TableSnapshot, "name" | "schema">;

/** Describes a foreign key, of a snapshot or of a database, so that equal ones have equal words. */
export function describeForeignKey(
  { columnsFrom, tableTo, schemaTo, columnsTo, onDelete, onUpdate }: Omit<ForeignKeySnapshot, "name">,
  dialect: Dialect,
): string {
  // MySQL treats "restrict" and "no action" alike.
  const rule = (given: string | undefined): string => {
    const said = (given ?? "no action").toLowerCase();
    return dialect === "mysql" && said === "restrict" ? "no action" : said;
  };
  const to = schemaTo && schemaTo !== "public" ? `${schemaTo}.${tableTo}` : tableTo;
  return JSON.stringify([columnsFrom, to, columnsTo, rule(onDelete), rule(onUpdate)]);
}
