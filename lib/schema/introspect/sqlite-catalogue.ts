import type { DatabaseConnection } from "../../database/driver/driver.ts";
import { type Catalogue, type DescribedColumn, describeForeignKey } from "./described-table.ts";
import { definitionsIn, nameIn } from "./table-definition.ts";

export const sqliteCatalogue: Catalogue = {
  async table(connection, { name }, place) {
    const database = place === "temporary" ? "temp" : "main";
    const [found] = await connection.execute(
      `select sql from ${database}.sqlite_schema where type = 'table' and name = $1`,
      [name],
    );
    if (!found) return undefined;
    const definitions = definitionsIn(String(found.sql));
    const rows = await about(connection, "table_xinfo", name, database);
    const keys = rows.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a.pk) - Number(b.pk));
    return {
      columns: new Map(rows.map((row) => [String(row.name), columnWords(row, definitions)])),
      primaryKey: keys.map((row) => String(row.name)),
      rules: new Map([...checksIn(definitions, name), ...(await indexesOf(connection, name, database))]),
      foreignKeys: foreignKeysIn(await about(connection, "foreign_key_list", name, database)),
    };
  },

  temporarily(statement) {
    if (/^CREATE TABLE /.test(statement)) return statement.replace(/^CREATE TABLE /, "CREATE TEMPORARY TABLE ");
    const index = /^(CREATE (?:UNIQUE )?INDEX) /;
    return index.test(statement) ? statement.replace(index, "$1 temp.") : undefined;
  },

  dropTemporary: ({ name }) => `drop table if exists temp."${name.replaceAll('"', '""')}"`,

  async others(connection) {
    const views = await connection.execute("select name from main.sqlite_schema where type = 'view'");
    const none = new Set<string>();
    const names = new Set(views.map(({ name }) => String(name)));
    return { views: names, schemas: none, sequences: none, roles: none, enums: new Map() };
  },

  nameOf: (given) => given,
};

function about(
  connection: DatabaseConnection,
  pragma: string,
  name: string,
  database: string,
): Promise<Record<string, unknown>[]> {
  return connection.execute(`select * from pragma_${pragma}($1, $2)`, [name, database]);
}

function columnWords(row: Record<string, unknown>, definitions: readonly string[]): DescribedColumn {
  const definition = definitions.find((each) => nameIn(each) === String(row.name)) ?? "";
  const generated = /\bAS\s*(\(.*\))\s*(STORED|VIRTUAL)?/is.exec(Number(row.hidden) >= 2 ? definition : "");
  return {
    type: String(row.type).toLowerCase(),
    required: Number(row.notnull) === 1,
    default: row.dflt_value == null ? undefined : unwrapped(String(row.dflt_value)),
    more: [
      generated && `generated ${normal(generated[1] ?? "")} ${generated[2] ?? "VIRTUAL"}`,
      /\bAUTOINCREMENT\b/i.test(definition) && "autoincrement",
      /\bCOLLATE\s+(\w+)/i.exec(definition)?.[1],
    ]
      .filter(Boolean)
      .join(" ")
      .toLowerCase(),
  };
}

function checksIn(definitions: readonly string[], table: string): Array<[string, string]> {
  return definitions.flatMap((definition) => {
    const check = /^CONSTRAINT\s+["`[]?(.+?)["`\]]?\s+CHECK\s*\((.*)\)$/is.exec(definition);
    if (!check) return [];
    // A rebuilt table had another name when its checks were written.
    const words = normal(check[2] ?? "").replaceAll(`__new_${table}.`, "");
    return [[check[1] ?? "", `check ${words.replaceAll(`${table}.`, "")}`] satisfies [string, string]];
  });
}

async function indexesOf(
  connection: DatabaseConnection,
  table: string,
  database: string,
): Promise<Array<[string, string]>> {
  const rows = await connection.execute(
    `select name, sql from ${database}.sqlite_schema where type = 'index' and tbl_name = $1 and sql is not null`,
    [table],
  );
  return rows.map(({ name, sql }) => {
    const text = String(sql);
    return [String(name), `${/^CREATE\s+UNIQUE/i.test(text) ? "unique " : ""}${normal(text.slice(text.indexOf("(")))}`];
  });
}

function foreignKeysIn(rows: readonly Record<string, unknown>[]): Set<string> {
  const keys = Map.groupBy(rows, ({ id }) => Number(id));
  return new Set(
    [...keys.values()].map((parts) => {
      const [first = {}] = parts;
      const ordered = parts.toSorted((a, b) => Number(a.seq) - Number(b.seq));
      return describeForeignKey(
        {
          columnsFrom: ordered.map(({ from }) => String(from)),
          tableTo: String(first.table),
          columnsTo: ordered.map(({ to }) => String(to)),
          onDelete: String(first.on_delete),
          onUpdate: String(first.on_update),
        },
        "sqlite",
      );
    }),
  );
}

/** SQL without quotes and white space outside of texts: SQLite keeps the text of a statement as it was written. */
function normal(sql: string): string {
  return sql.replace(/'(?:[^']|'')*'|["`[\]\s]/g, (found) => (found.startsWith("'") ? found : ""));
}

/** A default without the parentheses around it, which mean nothing. */
function unwrapped(sql: string): string {
  const inside = /^\((.*)\)$/s.exec(sql.trim())?.[1];
  return inside === undefined ? sql.trim() : unwrapped(inside);
}
