import { bigint, boolean, index, integer, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";

const id = () => text().primaryKey();
const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 }).notNull();

export const messages = pgTable(
  "messages",
  {
    id: id(),
    channel: text().notNull(),
    author: text().notNull(),
    text: text().notNull(),
    sentAt: moment("sent_at"),
  },
  (table) => [index("messages_by_channel").on(table.channel, table.sentAt)],
);

export const boards = pgTable("boards", {
  id: id(),
  name: text().notNull().unique(),
  /** In cents, beyond what a JavaScript number can hold. */
  budget: bigint({ mode: "bigint" }).notNull(),
  createdAt: moment("created_at"),
});

export const columns = pgTable("columns", {
  id: id(),
  boardId: text("board_id")
    .notNull()
    .references(() => boards.id, { onDelete: "cascade" }),
  title: text().notNull(),
  position: integer().notNull(),
});

export const cards = pgTable(
  "cards",
  {
    id: id(),
    columnId: text("column_id")
      .notNull()
      .references(() => columns.id, { onDelete: "cascade" }),
    title: text().notNull(),
    position: integer().notNull(),
    labels: jsonb().$type<string[]>().notNull(),
    cost: bigint({ mode: "bigint" }).notNull(),
    isDone: boolean("is_done").notNull(),
    dueAt: timestamp("due_at", { withTimezone: true, precision: 3 }),
  },
  (table) => [index("cards_by_column").on(table.columnId, table.position)],
);
