import * as pg from "drizzle-orm/pg-core";
import * as sqlite from "drizzle-orm/sqlite-core";

const pgTables = {
  /** A branch of the bank: how many transfers there were. */
  branches: pg.pgTable("branches", { id: pg.text().primaryKey(), version: pg.integer().notNull() }),
  accounts: pg.pgTable("accounts", {
    id: pg.text().primaryKey(),
    branch: pg.text().notNull(),
    number: pg.integer().notNull(),
    balance: pg.integer().notNull(),
  }),
  transfers: pg.pgTable("transfers", {
    id: pg.text().primaryKey(),
    /** Of the call. Not unique in the table: a transfer that is applied twice must be found. */
    uid: pg.text().notNull(),
    branch: pg.text().notNull(),
    /** The branch's after it. */
    version: pg.integer().notNull(),
    caller: pg.text().notNull(),
    from: pg.integer("from_account").notNull(),
    to: pg.integer("to_account").notNull(),
    amount: pg.integer().notNull(),
  }),
};

const sqliteTables = {
  branches: sqlite.sqliteTable("branches", { id: sqlite.text().primaryKey(), version: sqlite.integer().notNull() }),
  accounts: sqlite.sqliteTable("accounts", {
    id: sqlite.text().primaryKey(),
    branch: sqlite.text().notNull(),
    number: sqlite.integer().notNull(),
    balance: sqlite.integer().notNull(),
  }),
  transfers: sqlite.sqliteTable("transfers", {
    id: sqlite.text().primaryKey(),
    uid: sqlite.text().notNull(),
    branch: sqlite.text().notNull(),
    version: sqlite.integer().notNull(),
    caller: sqlite.text().notNull(),
    from: sqlite.integer("from_account").notNull(),
    to: sqlite.integer("to_account").notNull(),
    amount: sqlite.integer().notNull(),
  }),
};

/** The functions are written once, with the types of PostgreSQL's tables. */
export type BankSchema = typeof pgTables;

export const schemas = { pg: pgTables, sqlite: sqliteTables as never as BankSchema };
