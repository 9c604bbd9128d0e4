import type { Dialect, Statement } from "../driver/driver.ts";

/**
 * What a column of the framework's own tables holds: a `key` is compared byte by byte and short enough for an index, a
 * `text` is as long as it likes, an `integer` has 64 bits.
 */
export type ColumnKind = "key" | "text" | "integer";

/** One of the framework's own tables. Every column is required; the first is the primary key. */
export interface TableSpec {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnKind>>;
  /** Columns that are searched by beside the key. Where an index would cost more than it helps there is none. */
  readonly indexes?: readonly string[];
}

/** How one dialect says what the framework itself asks of a database. Pure text: nothing here runs anything. */
export interface InternalSql {
  /** Whether a transaction that is rolled back takes `create table` and `alter table` with it. */
  readonly definitionsRollBack: boolean;
  /** What the database's user may lack when the framework's tables cannot be made. */
  readonly rightToCreate: string;
  /** What the user may lack when they are there and cannot be read. */
  readonly rightToUse: string;
  /** A name as SQL, even where it is a reserved word. */
  quoted(name: string): string;
  /** One of the framework's own tables, out of the author's way and out of drizzle-kit's. */
  own(table: string): string;
  /** What makes one of the framework's own tables where it is not there yet, and changes nothing where it is. */
  createOwn(table: TableSpec): readonly string[];
  /** Rows `{ name }`: which of these tables, named as SQL names them, are there. */
  existing(tables: readonly string[]): Statement;
  /** `column` is one of `values`. The only condition with values in its statement. */
  among(column: string, values: readonly unknown[]): Statement;
  /** Behind a select: its rows are locked until the transaction ends. */
  readonly forUpdate: string;
  /** Inserts `$1, $2 …` into these columns, and nothing where the key is taken: then 0 rows are changed. */
  insertNew(table: string, columns: readonly string[]): string;
  /** Inserts `$1, $2 …` into these columns; where the first of them, the key, is taken the rest are replaced. */
  put(table: string, columns: readonly string[]): string;
  /** Where drizzle's own migrator records what it has run, and what makes that. */
  readonly migrations: { readonly table: string; readonly create: readonly string[] };
  /** A lock of the whole database, for `alone`. Without one the database has one server only. */
  readonly lock: DatabaseLock | undefined;
}

/** Ends with `release` where there is one, otherwise with the transaction that took it; and always with its connection. */
export interface DatabaseLock {
  /** Waits until nobody else holds it. Answers one row, `{ taken }`, which is 1 unless waiting was in vain. */
  readonly take: string;
  readonly release?: string;
}

const pg: InternalSql = {
  definitionsRollBack: true,
  rightToCreate: 'Its user needs the right to create a schema ("grant create on database …").',
  rightToUse:
    'Its user needs the right to use them ("grant usage on schema convex_lite to …", ' +
    '"grant select, insert, update, delete on all tables in schema convex_lite to …").',
  quoted: doubleQuoted,
  own: (table) => `convex_lite.${table}`,
  // No indexes but the keys: where a changed column has one, every update writes into the pages of all indexes, and
  // serializable transactions that have looked up another row on the same page conflict. With 8 clients writing at once
  // an index on `sessions.touched` made for 3,700 conflicts in 3,200 mutations; without it there are 10.
  createOwn: (table) => [
    createSchema("convex_lite"),
    createTable(pg, table, columnsOf(pg, table, { key: "text", text: "text", integer: "bigint" })),
  ],
  existing: (tables) => ({
    sql: "select name from unnest($1::text[]) name where to_regclass(name) is not null",
    params: [tables],
  }),
  among: (column, values) => ({ sql: `${column} = any($1)`, params: [values] }),
  forUpdate: " for update",
  insertNew: (table, columns) =>
    `${insert(pg, table, columns)} on conflict (${pg.quoted(columns[0] ?? "")}) do nothing`,
  put: (table, columns) => `${insert(pg, table, columns)} ${onConflictReplace(pg, columns)}`,
  migrations: {
    table: "drizzle.__drizzle_migrations",
    create: [
      createSchema("drizzle"),
      "create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)",
    ],
  },
  // "convex-lite" as a number: advisory locks are named by 64 bits, shared by everything in a database.
  lock: { take: "select 1 as taken from pg_advisory_xact_lock(7165059151302979683)" },
};

const sqlite: InternalSql = {
  definitionsRollBack: true,
  rightToCreate: "Its file and the directory around it must be writable.",
  rightToUse: "Its file and the directory around it must be writable.",
  quoted: doubleQuoted,
  own: prefixed,
  createOwn: (table) => [
    createTable(sqlite, table, columnsOf(sqlite, table, { key: "text", text: "text", integer: "integer" })),
    ...(table.indexes ?? []).map((column) => {
      const name = `${prefixed(table.name)}_by_${column}`;
      return `create index if not exists ${name} on ${prefixed(table.name)} (${sqlite.quoted(column)})`;
    }),
  ],
  existing: (tables) => ({
    sql: `select name from (
      select '"' || replace(name, '"', '""') || '"' as name from sqlite_schema where type = 'table'
      union all select name from sqlite_schema where type = 'table'
    ) where name in (select value from json_each($1))`,
    params: [JSON.stringify(tables)],
  }),
  among: (column, values) => ({
    sql: `${column} in (select value from json_each($1))`,
    params: [JSON.stringify(values)],
  }),
  // Who writes is the only one who does.
  forUpdate: "",
  insertNew: (table, columns) =>
    `${insert(sqlite, table, columns)} on conflict (${sqlite.quoted(columns[0] ?? "")}) do nothing`,
  put: (table, columns) => `${insert(sqlite, table, columns)} ${onConflictReplace(sqlite, columns)}`,
  migrations: {
    table: "__drizzle_migrations",
    create: [
      "create table if not exists __drizzle_migrations (id serial primary key, hash text not null, created_at numeric)",
    ],
  },
  lock: undefined,
};

const LOCK_IN_MYSQL = "concat('convex-lite ', left(sha2(database(), 256), 48))";

const mysql: InternalSql = {
  definitionsRollBack: false,
  rightToCreate: 'Its user needs the right to create tables ("grant create, alter, index on … to …").',
  rightToUse: 'Its user needs the right to use them ("grant select, insert, update, delete on … to …").',
  quoted: (name) => `\`${name.replaceAll("`", "``")}\``,
  own: prefixed,
  createOwn: (table) => {
    const columns = columnsOf(mysql, table, { key: "varchar(64)", text: "longtext", integer: "bigint" });
    // MySQL knows no `create index if not exists`.
    const indexes = (table.indexes ?? []).map((column) => `key (${mysql.quoted(column)})`);
    // The collations that are the default here take "a" and "A" for the same.
    const options = "engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin";
    return [`${createTable(mysql, table, [...columns, ...indexes])} ${options}`];
  },
  existing: (tables) => ({
    sql: `select name from (
      select concat('\`', replace(table_name, '\`', '\`\`'), '\`') as name from information_schema.tables where table_schema = database()
      union all select table_name from information_schema.tables where table_schema = database()
    ) present where name in ($1)`,
    params: [listed(tables)],
  }),
  among: (column, values) => ({ sql: `${column} in ($1)`, params: [listed(values)] }),
  forUpdate: " for update",
  // It would also cut what is too long for a column, where others refuse it: no key of the framework is.
  insertNew: (table, columns) => insert(mysql, table, columns).replace(/^insert/, "insert ignore"),
  put: (table, columns) => {
    const rest = columns.slice(1).map((column) => `${mysql.quoted(column)} = values(${mysql.quoted(column)})`);
    return `${insert(mysql, table, columns)} on duplicate key update ${rest.join(", ")}`;
  },
  migrations: {
    table: "__drizzle_migrations",
    create: [
      "create table if not exists __drizzle_migrations (id serial primary key, hash text not null, created_at bigint)",
    ],
  },
  // Such locks belong to the whole server and are named by 64 characters at most. MySQL 9.6 knows no md5 any more.
  lock: {
    take: `select get_lock(${LOCK_IN_MYSQL}, 3600) as taken`,
    release: `select release_lock(${LOCK_IN_MYSQL})`,
  },
};

/** One entry per dialect. */
export const internalSql: Readonly<Record<Dialect, InternalSql>> = { pg, sqlite, mysql };

/** What drizzle-kit is to leave alone where the framework's tables lie among the author's. */
export const OWN_PREFIX = "_convex_lite_";

/** "if not exists" asks for the right to create one even where it is there. */
function createSchema(name: string): string {
  return `do $$ begin if to_regnamespace('${name}') is null then create schema ${name}; end if; end $$`;
}

function prefixed(table: string): string {
  return `${OWN_PREFIX}${table}`;
}

function doubleQuoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** For `in (…)`, which wants one value at least. */
function listed(values: readonly unknown[]): readonly unknown[] {
  return values.length > 0 ? values : [null];
}

function columnsOf({ quoted }: InternalSql, { columns }: TableSpec, types: Record<ColumnKind, string>): string[] {
  return Object.entries(columns).map(
    ([column, kind], i) => `${quoted(column)} ${types[kind]} not null${i === 0 ? " primary key" : ""}`,
  );
}

function createTable({ own }: InternalSql, { name }: TableSpec, parts: readonly string[]): string {
  return `create table if not exists ${own(name)} (${parts.join(", ")})`;
}

function insert({ quoted }: InternalSql, table: string, columns: readonly string[]): string {
  const values = columns.map((_, i) => `$${i + 1}`);
  return `insert into ${table} (${columns.map(quoted).join(", ")}) values (${values.join(", ")})`;
}

function onConflictReplace({ quoted }: InternalSql, [key = "", ...rest]: readonly string[]): string {
  const replaced = rest.map((column) => `${quoted(column)} = excluded.${quoted(column)}`);
  return `on conflict (${quoted(key)}) do update set ${replaced.join(", ")}`;
}
