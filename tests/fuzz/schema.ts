import * as mysql from "drizzle-orm/mysql-core";
import * as pg from "drizzle-orm/pg-core";
import * as sqlite from "drizzle-orm/sqlite-core";
import type { Dialect } from "../../lib/database/driver/driver.ts";

const pgTables = {
  items: pg.pgTable("items", {
    id: pg.integer().primaryKey(),
    list: pg.text().notNull(),
    owner: pg.text().notNull(),
    rank: pg.integer().notNull(),
  }),
  lists: pg.pgTable("lists", { id: pg.text().primaryKey(), isPrivate: pg.boolean("is_private").notNull() }),
  /** The whole state after each commit, written by the commit itself; `counter` puts the commits in a row. */
  journal: pg.pgTable("journal", {
    version: pg.integer().primaryKey(),
    uid: pg.integer().notNull(),
    state: pg.text().notNull(),
  }),
  counter: pg.pgTable("counter", { id: pg.integer().primaryKey(), version: pg.integer().notNull() }),
};

const sqliteTables = {
  items: sqlite.sqliteTable("items", {
    id: sqlite.integer().primaryKey(),
    list: sqlite.text().notNull(),
    owner: sqlite.text().notNull(),
    rank: sqlite.integer().notNull(),
  }),
  lists: sqlite.sqliteTable("lists", {
    id: sqlite.text().primaryKey(),
    isPrivate: sqlite.integer("is_private", { mode: "boolean" }).notNull(),
  }),
  journal: sqlite.sqliteTable("journal", {
    version: sqlite.integer().primaryKey(),
    uid: sqlite.integer().notNull(),
    state: sqlite.text().notNull(),
  }),
  counter: sqlite.sqliteTable("counter", {
    id: sqlite.integer().primaryKey(),
    version: sqlite.integer().notNull(),
  }),
};

const mysqlTables = {
  items: mysql.mysqlTable("items", {
    id: mysql.int().primaryKey(),
    list: mysql.varchar({ length: 20 }).notNull(),
    owner: mysql.varchar({ length: 20 }).notNull(),
    rank: mysql.int().notNull(),
  }),
  lists: mysql.mysqlTable("lists", {
    id: mysql.varchar({ length: 20 }).primaryKey(),
    isPrivate: mysql.boolean("is_private").notNull(),
  }),
  journal: mysql.mysqlTable("journal", {
    version: mysql.int().primaryKey(),
    uid: mysql.int().notNull(),
    state: mysql.longtext().notNull(),
  }),
  counter: mysql.mysqlTable("counter", { id: mysql.int().primaryKey(), version: mysql.int().notNull() }),
};

/** The functions of the fuzzer are written once, with the types of PostgreSQL's tables. */
export type FuzzSchema = typeof pgTables;

export const schemas: Readonly<Record<Dialect, FuzzSchema>> = {
  pg: pgTables,
  sqlite: sqliteTables as never,
  mysql: mysqlTables as never,
};
