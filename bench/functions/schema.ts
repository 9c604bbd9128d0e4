import { index, integer, pgTable, text, timestamp } from "drizzle-orm/pg-core";

/** A copy of the demo's messages, so that the figures stay comparable when the demo changes. */
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
