import { index, integer, pgTable, text } from "drizzle-orm/pg-core";

export const messages = pgTable(
  "messages",
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    channel: text().notNull(),
    text: text().notNull(),
  },
  (table) => [index("messages_by_channel").on(table.channel, table.id)],
);
