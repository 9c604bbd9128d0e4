import type { DatabaseConnection } from "../../database/driver/driver.ts";
import { internalSql } from "../../database/internal/internal-sql.ts";
import { type Catalogue, type DescribedColumn, describeForeignKey } from "./described-table.ts";
import { definitionsIn, nameIn } from "./table-definition.ts";

const { quoted, existing } = internalSql.mysql;

export const mysqlCatalogue: Catalogue = {
  async table(connection, { name }, place) {
    if (place === "stored" && !(await isThere(connection, name))) return undefined;
    const [made] = await connection.execute(`show create table ${quoted(name)}`);
    const text = made?.["Create Table"];
    if (text === undefined) return undefined;
    const definitions = definitionsIn(String(text));
    const rows = await connection.execute(`show columns from ${quoted(name)}`);
    const key = definitions.find((definition) => definition.startsWith("PRIMARY KEY"));
    return {
      columns: new Map(rows.map((row) => [String(row.Field), columnWords(row, definitions)])),
      primaryKey: key === undefined ? [] : namesIn(key),
      rules: new Map(definitions.flatMap(ruleIn)),
      foreignKeys: new Set(definitions.flatMap(foreignKeyIn)),
    };
  },

  temporarily(statement) {
    if (/^CREATE TABLE /.test(statement)) return statement.replace(/^CREATE TABLE /, "CREATE TEMPORARY TABLE ");
    return /^CREATE (UNIQUE )?INDEX /.test(statement) ? statement : undefined;
  },

  dropTemporary: ({ name }) => `drop temporary table if exists ${quoted(name)}`,

  async others(connection) {
    const views = await connection.execute(
      "select table_name as name from information_schema.views where table_schema = database()",
    );
    const none = new Set<string>();
    const names = new Set(views.map(({ name }) => String(name)));
    return { views: names, schemas: none, sequences: none, roles: none, enums: new Map() };
  },

  nameOf: (given) => given,
};

async function isThere(connection: DatabaseConnection, name: string): Promise<boolean> {
  const { sql, params } = existing([quoted(name)]);
  return (await connection.execute(sql, params)).length > 0;
}

/**
 * MySQL writes a computed default in brackets for a temporary table, and without them but with DEFAULT_GENERATED for a
 * stored one.
 */
function columnWords(row: Record<string, unknown>, definitions: readonly string[]): DescribedColumn {
  const definition = definitions.find((each) => nameIn(each) === String(row.Field) && each.startsWith("`")) ?? "";
  const generated = /\bAS \(.*\).*$/is.exec(/GENERATED/i.test(String(row.Extra)) ? definition : "")?.[0] ?? "";
  const computed = /\bDEFAULT \(/.test(outsideTexts(definition)) ? "default computed" : "";
  const inBrackets = computed && !/DEFAULT_GENERATED/.test(String(row.Extra)) && /^\(.*\)$/s.test(String(row.Default));
  const extra = String(row.Extra ?? "").replace(/DEFAULT_GENERATED|^NULL$/g, "");
  const isGiven = /\bDEFAULT\b/.test(outsideTexts(definition)) && row.Default != null;
  return {
    type: String(row.Type),
    required: row.Null === "NO",
    default: isGiven ? (inBrackets ? String(row.Default).slice(1, -1) : String(row.Default)) : undefined,
    more: [extra.trim(), generated, computed].filter(Boolean).join(" ").toLowerCase(),
  };
}

function ruleIn(definition: string): Array<[string, string]> {
  const key = /^((?:UNIQUE |FULLTEXT |SPATIAL )?KEY) `((?:[^`]|``)+)` (.*)$/s.exec(definition);
  if (key) return [[key[2] ?? "", `${key[1]} ${key[3]}`]];
  const check = /^CONSTRAINT `((?:[^`]|``)+)` (CHECK .*)$/s.exec(definition);
  return check ? [[check[1] ?? "", check[2] ?? ""]] : [];
}

function foreignKeyIn(definition: string): string[] {
  const found = /FOREIGN KEY (\(.*?\)) REFERENCES `((?:[^`]|``)+)` (\(.*?\))(.*)$/s.exec(definition);
  if (!found) return [];
  const [, from = "", tableTo = "", to = "", rules = ""] = found;
  const onDelete = /ON DELETE (CASCADE|SET NULL|SET DEFAULT|RESTRICT|NO ACTION)/.exec(rules)?.[1];
  const onUpdate = /ON UPDATE (CASCADE|SET NULL|SET DEFAULT|RESTRICT|NO ACTION)/.exec(rules)?.[1];
  return [
    describeForeignKey({ columnsFrom: namesIn(from), tableTo, columnsTo: namesIn(to), onDelete, onUpdate }, "mysql"),
  ];
}

function namesIn(list: string): string[] {
  return [...list.matchAll(/`((?:[^`]|``)+)`/g)].map(([, name = ""]) => name.replaceAll("``", "`"));
}

function outsideTexts(definition: string): string {
  return definition.replace(/'(?:[^']|'')*'|`(?:[^`]|``)*`/g, "");
}
