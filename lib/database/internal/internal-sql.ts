import type { Dialect, Statement } from "../driver/driver.ts";

/**
 * What a column of the framework's own tables holds: a `key` is compared byte by byte and is short enough for an index,
 * a `text` may be of any length, an `integer` has 64 bits.
 */
export type ColumnKind = "key" | "text" | "integer";

/** One of the framework's own tables. Every column is required; the first is the primary key. */
export interface TableSpec {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnKind>>;
  /** Further columns that rows are searched by. A dialect in which an index costs more than it saves makes none. */
  readonly indexes?: readonly string[];
}

/** The framework's own statements in one dialect. Text only: nothing here runs a statement. */
export interface InternalSql {
  /** Whether a rollback also undoes `create table` and `alter table`. */
  readonly definitionsRollBack: boolean;
  /** For an error message: the right that the user may lack when the framework's tables cannot be created. */
  readonly rightToCreate: string;
  /** For an error message: the right that the user may lack when the tables exist and cannot be read. */
  readonly rightToUse: string;
  /** A name as SQL, also a reserved word. */
  quoted(name: string): string;
  /**
   * The SQL name of one of the framework's own tables. It cannot meet a name of the author's, and drizzle-kit ignores
   * it.
   */
  own(table: string): string;
  /** Creates one of the framework's own tables, or changes nothing when it exists. */
  createOwn(table: TableSpec): readonly string[];
  /** Answers a row `{ name }` for each of these tables, by their SQL names, that exists. */
  existing(tables: readonly string[]): Statement;
  /**
   * The condition that `column` is one of `values`. It takes `$1`, so it must be the statement's only one with values.
   */
  among(column: string, values: readonly unknown[]): Statement;
  /** The end of a select whose rows are locked until the transaction ends. */
  readonly forUpdate: string;
  /** Inserts `$1, $2 …` into these columns. Where the key is taken it changes 0 rows. */
  insertNew(table: string, columns: readonly string[]): string;
  /**
   * Inserts `$1, $2 …` into these columns. Where the key, the first of them, is taken, it replaces the other columns.
   */
  put(table: string, columns: readonly string[]): string;
  /** The table in which Drizzle's migrator records what it has run, and the statements that create it. */
  readonly migrations: { readonly table: string; readonly create: readonly string[] };
  /** A lock of the whole database, for `withDatabaseLock`. Undefined where a database has one server only. */
  readonly lock: DatabaseLock | undefined;
}

/** Ends with `release`, or, where there is none, with the transaction that took it; and always with its connection. */
export interface DatabaseLock {
  /** Waits for the lock. Answers one row, `{ taken }`: 1, or another value when the wait timed out. */
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
  // No indexes but the keys. Where a changed column is indexed, every update writes to the pages of all indexes, and
  // conflicts with each serializable transaction that has read another row of the same page. With 8 clients writing at
  // once, an index on `sessions.touched` caused 3,700 conflicts in 3,200 mutations; without it there were 10.
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
  // The name "convex-lite" as a number: an advisory lock is named by 64 bits, and all users of a database share the
  // names.
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
  // A transaction that writes is the only one.
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
    // MySQL has no `create index if not exists`.
    const indexes = (table.indexes ?? []).map((column) => `key (${mysql.quoted(column)})`);
    // MySQL's default collations treat "a" and "A" as equal.
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
  // "ignore" also truncates a value that is too long for its column, which other databases refuse. None of the
  // framework's is.
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
  // These locks belong to the whole server, and their names have at most 64 characters. MySQL 9.6 has no md5.
  lock: {
    take: `select get_lock(${LOCK_IN_MYSQL}, 3600) as taken`,
    release: `select release_lock(${LOCK_IN_MYSQL})`,
  },
};

/** The statements of each dialect. */
export const internalSql: Readonly<Record<Dialect, InternalSql>> = { pg, sqlite, mysql };

/** The prefix by which drizzle-kit ignores the framework's tables where they are in the same schema as the author's. */
export const OWN_PREFIX = "_convex_lite_";

/** Not "if not exists", which needs the right to create a schema even when it exists. */
function createSchema(name: string): string {
  return `do $$ begin if to_regnamespace('${name}') is null then create schema ${name}; end if; end $$`;
}

function prefixed(table: string): string {
  return `${OWN_PREFIX}${table}`;
}

function doubleQuoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Values for `in (…)`, which needs at least one. */
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
