import { customType, index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const id = () => text().primaryKey();
const moment = (name: string) => integer(name, { mode: "timestamp_ms" }).notNull();
/** Drizzle's own `blob({ mode: "bigint" })` keeps digits in a blob: they can be neither summed nor put in order. */
const bigint = customType<{ data: bigint; driverData: number | bigint }>({
  dataType: () => "integer",
  fromDriver: (value) => BigInt(value),
});

export const messages = sqliteTable(
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

export const boards = sqliteTable("boards", {
  id: id(),
  name: text().notNull().unique(),
  /** In cents, beyond what a JavaScript number can hold. */
  budget: bigint().notNull(),
  createdAt: moment("created_at"),
});

export const columns = sqliteTable("columns", {
  id: id(),
  boardId: text("board_id")
    .notNull()
    .references(() => boards.id, { onDelete: "cascade" }),
  title: text().notNull(),
  position: integer().notNull(),
});

export const cards = sqliteTable(
  "cards",
  {
    id: id(),
    columnId: text("column_id")
      .notNull()
      .references(() => columns.id, { onDelete: "cascade" }),
    title: text().notNull(),
    position: integer().notNull(),
    labels: text({ mode: "json" }).$type<string[]>().notNull(),
    cost: bigint().notNull(),
    isDone: integer("is_done", { mode: "boolean" }).notNull(),
    dueAt: integer("due_at", { mode: "timestamp_ms" }),
  },
  (table) => [index("cards_by_column").on(table.columnId, table.position)],
);
