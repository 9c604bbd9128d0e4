import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const messages = sqliteTable(
  "messages",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    channel: text().notNull(),
    text: text().notNull(),
  },
  (table) => [index("messages_by_channel").on(table.channel, table.id)],
);
