import { boolean, integer, pgTable, text } from "drizzle-orm/pg-core";

export const items = pgTable("items", {
  id: integer().primaryKey(),
  list: text().notNull(),
  owner: text().notNull(),
  rank: integer().notNull(),
});

export const lists = pgTable("lists", { id: text().primaryKey(), isPrivate: boolean("is_private").notNull() });

/** The whole state after each commit, written by the commit itself; `counter` puts the commits in a row. */
export const journal = pgTable("journal", {
  version: integer().primaryKey(),
  uid: integer().notNull(),
  state: text().notNull(),
});

export const counter = pgTable("counter", { id: integer().primaryKey(), version: integer().notNull() });
