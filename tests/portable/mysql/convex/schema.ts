import { bigint, boolean, index, int, json, mysqlTable, text, timestamp, varchar } from "drizzle-orm/mysql-core";

/** What is compared or indexed needs a length. */
const key = (name?: string) => (name === undefined ? varchar({ length: 100 }) : varchar(name, { length: 100 }));
const id = () => key().primaryKey();
const moment = (name: string) => timestamp(name, { fsp: 3 }).notNull();

export const messages = mysqlTable(
  "messages",
  {
    id: id(),
    channel: key().notNull(),
    author: key().notNull(),
    text: text().notNull(),
    sentAt: moment("sent_at"),
  },
  (table) => [index("messages_by_channel").on(table.channel, table.sentAt)],
);

export const boards = mysqlTable("boards", {
  id: id(),
  name: key().notNull().unique(),
  /** In cents, beyond what a JavaScript number can hold. */
  budget: bigint({ mode: "bigint" }).notNull(),
  createdAt: moment("created_at"),
});

export const columns = mysqlTable("columns", {
  id: id(),
  boardId: key("board_id")
    .notNull()
    .references(() => boards.id, { onDelete: "cascade" }),
  title: text().notNull(),
  position: int().notNull(),
});

export const cards = mysqlTable(
  "cards",
  {
    id: id(),
    columnId: key("column_id")
      .notNull()
      .references(() => columns.id, { onDelete: "cascade" }),
    title: text().notNull(),
    position: int().notNull(),
    labels: json().$type<string[]>().notNull(),
    cost: bigint({ mode: "bigint" }).notNull(),
    isDone: boolean("is_done").notNull(),
    dueAt: timestamp("due_at", { fsp: 3 }),
  },
  (table) => [index("cards_by_column").on(table.columnId, table.position)],
);
