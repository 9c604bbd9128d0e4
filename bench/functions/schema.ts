import { index, integer, pgTable, text, timestamp } from "drizzle-orm/pg-core";

/** The demo's messages. The bench keeps a copy of its own, so that its rows mean the same when the demo changes. */
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
