import * as mysql from "drizzle-orm/mysql-core";
import * as pg from "drizzle-orm/pg-core";
import * as sqlite from "drizzle-orm/sqlite-core";
import type { Dialect } from "../../../../lib/database/driver/driver.ts";
import type { Database } from "../../../../lib/functions/context.ts";

const bytea = pg.customType<{ data: Uint8Array }>({ dataType: () => "bytea" });
const things = pg.pgTable("things", {
  id: pg.integer().primaryKey(),
  name: pg.text(),
  big: pg.bigint({ mode: "bigint" }),
  at: pg.timestamp({ withTimezone: true }),
  raw: bytea(),
  plain: pg.json(),
  tree: pg.jsonb(),
});

const integer64 = sqlite.customType<{ data: bigint; driverData: number | bigint }>({
  dataType: () => "integer",
  fromDriver: (value) => BigInt(value),
});
const sqliteThings = sqlite.sqliteTable("things", {
  id: sqlite.integer().primaryKey(),
  name: sqlite.text(),
  big: integer64(),
  at: sqlite.integer({ mode: "timestamp_ms" }),
  raw: sqlite.blob({ mode: "buffer" }),
  plain: sqlite.text({ mode: "json" }),
  tree: sqlite.text({ mode: "json" }),
});

const blob = mysql.customType<{ data: Uint8Array }>({ dataType: () => "blob" });
const mysqlThings = mysql.mysqlTable("things", {
  id: mysql.int().primaryKey(),
  name: mysql.text(),
  big: mysql.bigint({ mode: "bigint" }),
  at: mysql.timestamp({ fsp: 3 }),
  raw: blob(),
  plain: mysql.json(),
  tree: mysql.json(),
});

/** Tests are written once, in the types of PostgreSQL: tables and `db` of the other dialects are cast to them. */
export type Things = typeof things;
export type ThingsDb = Database<{ things: Things }>;

/** The tables and statements of the suite in one dialect. */
export interface Words {
  readonly things: Things;
  /** Creates the table. */
  readonly create: string;
  /** The same table in a later schema, in which the column `name` has another name. */
  readonly renamed: pg.PgTable;
  /** The same table in a later schema, with one more column. */
  readonly withMood: pg.PgTable;
  /** The same table in a later schema, with one more column, whose name is two words. */
  readonly withLastMood: pg.PgTable;
  /** Returns its three parameters as `text`, `big` and `missing`. */
  readonly echo: string;
  /** Returns `at`, the time in the first row, in milliseconds since 1970 as the database computes them. */
  readonly reckoned: string;
  /** Runs longer than any test. */
  readonly runaway: string;
  /** Returns a row on another connection while the server runs `runaway`. */
  readonly running: string;
  /** Runs the author's own SQL and returns its rows. */
  ownSql(db: unknown, statement: string): Promise<unknown[]>;
}

interface Raw {
  execute(statement: string): Promise<unknown>;
  all(statement: string): Promise<unknown[]>;
}

export const words: Readonly<Record<Dialect, Words>> = {
  pg: {
    things,
    create:
      "create table things (id integer primary key, name text, big bigint, at timestamptz, raw bytea, plain json, tree jsonb)",
    renamed: pg.pgTable("things", { id: pg.integer().primaryKey(), title: pg.text("name") }),
    withMood: pg.pgTable("things", { id: pg.integer().primaryKey(), mood: pg.varchar() }),
    withLastMood: pg.pgTable("things", { id: pg.integer().primaryKey(), lastMood: pg.varchar() }),
    echo: "select $1::text as text, $2::bigint as big, $3::text as missing",
    reckoned: "select extract(epoch from at) * 1000 as at from things",
    // Computes, because PGlite has no pg_sleep that could be interrupted.
    runaway: "select count(*) from (select generate_series(1, 4000000000000)) as numbers",
    running:
      "select 1 from pg_stat_activity where datname = current_database() and state = 'active' and query like 'select count(*) from (select generate_series%'",
    ownSql: async (db, statement) => ((await (db as Raw).execute(statement)) as { rows: unknown[] }).rows,
  },
  sqlite: {
    things: sqliteThings as never,
    create:
      "create table things (id integer primary key, name text, big integer, at integer, raw blob, plain text, tree text)",
    renamed: sqlite.sqliteTable("things", {
      id: sqlite.integer().primaryKey(),
      title: sqlite.text("name"),
    }) as never,
    withMood: sqlite.sqliteTable("things", { id: sqlite.integer().primaryKey(), mood: sqlite.text() }) as never,
    withLastMood: sqlite.sqliteTable("things", { id: sqlite.integer().primaryKey(), lastMood: sqlite.text() }) as never,
    echo: "select $1 as text, $2 as big, $3 as missing",
    reckoned: "select at from things",
    runaway: "never run: nothing can stop it",
    running: "never run",
    ownSql: (db, statement) => (db as Raw).all(statement),
  },
  mysql: {
    things: mysqlThings as never,
    create:
      "create table things (id integer primary key, name text, big bigint, at timestamp(3) null, raw blob, plain json, tree json)",
    renamed: mysql.mysqlTable("things", { id: mysql.int().primaryKey(), title: mysql.text("name") }) as never,
    withMood: mysql.mysqlTable("things", {
      id: mysql.int().primaryKey(),
      mood: mysql.varchar({ length: 20 }),
    }) as never,
    withLastMood: mysql.mysqlTable("things", {
      id: mysql.int().primaryKey(),
      lastMood: mysql.varchar({ length: 20 }),
    }) as never,
    echo: "select $1 as text, $2 as big, $3 as missing",
    reckoned: "select unix_timestamp(at) * 1000 as at from things",
    // Computes, because MariaDB ends a sleep when its client disconnects.
    runaway: "select benchmark(4000000000000, sha2('a', 256))",
    running:
      "select 1 from information_schema.processlist where db = database() and info like 'select benchmark(4000000000000%'",
    ownSql: async (db, statement) => ((await (db as Raw).execute(statement)) as [unknown[]])[0],
  },
};
