/** The kinds of tables that Drizzle has. */
export type Dialect = "pg" | "sqlite" | "mysql";

/** `convex/schema.ts`: one table, for the example. */
export const schemas: Readonly<Record<Dialect, string>> = {
  pg: `import { index, integer, pgTable, text, timestamp } from "drizzle-orm/pg-core";

export const messages = pgTable(
  "messages",
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    channel: text().notNull(),
    author: text().notNull(),
    text: text().notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index("messages_by_channel").on(table.channel, table.createdAt)],
);
`,
  sqlite: `import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const messages = sqliteTable(
  "messages",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    channel: text().notNull(),
    author: text().notNull(),
    text: text().notNull(),
    createdAt: integer("created_at", { mode: "timestamp_ms" })
      .notNull()
      .$defaultFn(() => new Date()),
  },
  (table) => [index("messages_by_channel").on(table.channel, table.createdAt)],
);
`,
  mysql: `import { index, int, mysqlTable, text, timestamp, varchar } from "drizzle-orm/mysql-core";

export const messages = mysqlTable(
  "messages",
  {
    id: int().autoincrement().primaryKey(),
    // What an index holds needs a length.
    channel: varchar({ length: 100 }).notNull(),
    author: varchar({ length: 100 }).notNull(),
    text: text().notNull(),
    createdAt: timestamp("created_at", { fsp: 3 })
      .notNull()
      .$defaultFn(() => new Date()),
  },
  (table) => [index("messages_by_channel").on(table.channel, table.createdAt)],
);
`,
};

/** `convex/schema.ts` of a project without an example. */
export const emptySchemas: Readonly<Record<Dialect, string>> = {
  pg: `import { integer, pgTable, text } from "drizzle-orm/pg-core";

export const notes = pgTable("notes", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  text: text().notNull(),
});
`,
  sqlite: `import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const notes = sqliteTable("notes", {
  id: integer().primaryKey({ autoIncrement: true }),
  text: text().notNull(),
});
`,
  mysql: `import { int, mysqlTable, text } from "drizzle-orm/mysql-core";

export const notes = mysqlTable("notes", {
  id: int().autoincrement().primaryKey(),
  text: text().notNull(),
});
`,
};
