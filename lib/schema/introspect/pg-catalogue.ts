import type { DatabaseConnection } from "../../database/driver/driver.ts";
import { internalSql } from "../../database/internal/internal-sql.ts";
import type { NamedSnapshot, SchemaSnapshot } from "../snapshot/snapshot.ts";
import {
  type Catalogue,
  type DescribedColumn,
  type DescribedPart,
  describeForeignKey,
  type Named,
} from "./described-table.ts";

const { quoted } = internalSql.pg;

/** Separates the names of a list in one text. */
const SEPARATOR = "\u001f";

/** SQL for the names of a table's columns with these numbers, in their order. */
const names = (numbers: string, table: string): string =>
  `(select string_agg(a.attname, chr(31) order by k.place) from unnest(${numbers}) with ordinality k(number, place)
    join pg_attribute a on a.attrelid = ${table} and a.attnum = k.number)`;

const actions: Record<string, string> = {
  a: "no action",
  r: "restrict",
  c: "cascade",
  n: "set null",
  d: "set default",
};

export const pgCatalogue: Catalogue = {
  async table(connection, table, place) {
    const name = place === "temporary" ? `pg_temp.${quoted(table.name)}` : sqlName(table);
    const [found] = await connection.execute(
      "select oid::text as oid, relrowsecurity as secured from pg_class where oid = to_regclass($1)",
      [name],
    );
    if (!found) return undefined;
    const about = (sql: string): Promise<Record<string, unknown>[]> => connection.execute(sql, [found.oid]);
    const constraints = await about(
      `select c.conname as name, c.contype::text as kind, pg_get_constraintdef(c.oid) as words, ${names("c.conkey", "c.conrelid")} as columns,
        other.relname as other, n.nspname as "otherSchema", ${names("c.confkey", "c.confrelid")} as "otherColumns",
        c.confdeltype::text as "onDelete", c.confupdtype::text as "onUpdate"
      from pg_constraint c left join pg_class other on other.oid = c.confrelid left join pg_namespace n on n.oid = other.relnamespace
      where c.conrelid = $1::oid and c.contype in ('p', 'u', 'c', 'f')`,
    );
    const indexes = await about(
      `select c.relname as name, i.indisunique as unique, pg_get_indexdef(i.indexrelid) as words
      from pg_index i join pg_class c on c.oid = i.indexrelid
      where i.indrelid = $1::oid and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = i.indrelid)`,
    );
    const policies = await about("select polname as name from pg_policy where polrelid = $1::oid");
    const key = constraints.find(({ kind }) => kind === "p");
    const rules = constraints.filter(({ kind }) => kind === "u" || kind === "c");
    return {
      columns: await columnsOf(connection, String(found.oid)),
      primaryKey: listed(key?.columns),
      primaryKeyName: key && String(key.name),
      rules: new Map([
        ...rules.map(({ name, words }) => [String(name), String(words)] as const),
        ...indexes.map((index) => [String(index.name), indexWords(index)] as const),
      ]),
      foreignKeys: new Set(constraints.filter(({ kind }) => kind === "f").map(wordsOfForeignKey)),
      rowSecurity: found.secured === true,
      policies: policies.map(({ name }) => String(name)),
    };
  },

  temporarily(statement) {
    const table = statement.replace(
      /^CREATE TABLE (?:"(?:[^"]|"")+"\.)?(?="(?:[^"]|"")+" \()/,
      "CREATE TEMPORARY TABLE ",
    );
    // The sequences of a temporary table are in its schema, so their names are left out.
    if (table !== statement) return table.replace(/\(sequence name (?:"(?:[^"]|"")+"\.)?"(?:[^"]|"")+" /g, "(");
    const index =
      /^(CREATE (?:UNIQUE )?INDEX) (?:CONCURRENTLY )?("(?:[^"]|"")+") ON (?:"(?:[^"]|"")+"\.)?(?="(?:[^"]|"")+" )/;
    return index.test(statement) ? statement.replace(index, "$1 $2 ON pg_temp.") : undefined;
  },

  dropTemporary: ({ name }) => `drop table if exists pg_temp.${quoted(name)}`,

  async others(connection, snapshots) {
    const enums = await connection.execute(
      `select n.nspname as schema, t.typname as name, string_agg(e.enumlabel, chr(31) order by e.enumsortorder) as values
      from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_enum e on e.enumtypid = t.oid
      where t.typtype = 'e' group by 1, 2`,
    );
    const values = new Map(enums.map((each) => [`${each.schema}.${each.name}`, listed(each.values)]));
    const keys = (of: (snapshot: SchemaSnapshot) => Record<string, unknown> | undefined): string[] => [
      ...new Set(snapshots.flatMap((snapshot) => Object.keys(of(snapshot) ?? {}))),
    ];
    const introspected = async (sql: string, among: string[]): Promise<Set<string>> =>
      new Set((await connection.execute(sql, [among])).map(({ name }) => String(name)));
    return {
      views: await presentRelations(connection, snapshots, "views"),
      sequences: await presentRelations(connection, snapshots, "sequences"),
      schemas: await introspected(
        "select nspname as name from pg_namespace where nspname = any($1)",
        keys((s) => s.schemas),
      ),
      roles: await introspected(
        "select rolname as name from pg_roles where rolname = any($1)",
        keys((s) => s.roles),
      ),
      enums: new Map(keys((s) => s.enums).flatMap((key) => (values.has(key) ? [[key, values.get(key) ?? []]] : []))),
    } satisfies DescribedPart;
  },

  // PostgreSQL truncates a name after 63 bytes.
  nameOf: (given) => Buffer.from(given).subarray(0, 63).toString(),
};

async function columnsOf(connection: DatabaseConnection, oid: string): Promise<Map<string, DescribedColumn>> {
  const rows = await connection.execute(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
      pg_get_expr(d.adbin, d.adrelid) as "default", a.attidentity::text || a.attgenerated::text as more
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = $1::oid and a.attnum > 0 and not a.attisdropped`,
    [oid],
  );
  return new Map(
    rows.map((row) => {
      // The name of the sequence differs between the stored and the temporary table.
      const value = row.default == null ? undefined : String(row.default).replace(/nextval\(.*\)/, "nextval(…)");
      const generated = String(row.more) === "s";
      const words = { type: String(row.type), required: row.required === true };
      return [
        String(row.name),
        generated
          ? { ...words, default: undefined, more: `generated ${value}` }
          : { ...words, default: value, more: String(row.more) },
      ];
    }),
  );
}

async function presentRelations(
  connection: DatabaseConnection,
  snapshots: readonly SchemaSnapshot[],
  kind: "views" | "sequences",
): Promise<Set<string>> {
  const wanted = new Map<string, NamedSnapshot>();
  for (const snapshot of snapshots) {
    for (const [key, each] of Object.entries(snapshot[kind] ?? {})) wanted.set(key, each);
  }
  const { sql, params } = internalSql.pg.existing([...wanted.values()].map(sqlName));
  const introspected = new Set((await connection.execute(sql, params)).map(({ name }) => String(name)));
  return new Set([...wanted].flatMap(([key, each]) => (introspected.has(sqlName(each)) ? [key] : [])));
}

function wordsOfForeignKey(row: Record<string, unknown>): string {
  const to = { tableTo: String(row.other), schemaTo: String(row.otherSchema), columnsTo: listed(row.otherColumns) };
  const rules = { onDelete: actions[String(row.onDelete)] ?? "", onUpdate: actions[String(row.onUpdate)] ?? "" };
  return describeForeignKey({ columnsFrom: listed(row.columns), ...to, ...rules }, "pg");
}

/** The words of an index, without its name and that of its table. */
function indexWords({ unique, words }: Record<string, unknown>): string {
  return `${unique === true ? "unique" : ""}${String(words).replace(/^.*? USING /s, " using ")}`;
}

function listed(text: unknown): string[] {
  return text == null || text === "" ? [] : String(text).split(SEPARATOR);
}

function sqlName({ name, schema }: Named): string {
  return `${quoted(schema || "public")}.${quoted(name)}`;
}
