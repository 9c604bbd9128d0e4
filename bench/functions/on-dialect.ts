import { asc, eq } from "drizzle-orm";
import * as mysql from "drizzle-orm/mysql-core";
import * as sqlite from "drizzle-orm/sqlite-core";
import { z } from "zod";
import type { Dialect } from "../../lib/database/driver/driver.ts";
import type { Database } from "../../lib/functions/context.ts";
import { createFunctions } from "../../lib/functions/define.ts";
import type { Message } from "./conversation.ts";
import { messages } from "./schema.ts";

/** The statements are written once, for PostgreSQL's types: the tables of the other dialects are cast to them. */
const tables: Readonly<Record<Dialect, typeof messages>> = {
  pg: messages,
  sqlite: sqlite.sqliteTable(
    "messages",
    {
      id: sqlite.integer().primaryKey({ autoIncrement: true }),
      channel: sqlite.text().notNull(),
      author: sqlite.text().notNull(),
      text: sqlite.text().notNull(),
      createdAt: sqlite
        .integer("created_at", { mode: "timestamp_ms" })
        .notNull()
        .$defaultFn(() => new Date()),
    },
    (table) => [sqlite.index("messages_by_channel").on(table.channel, table.createdAt)],
  ) as never,
  mysql: mysql.mysqlTable(
    "messages",
    {
      id: mysql.int().autoincrement().primaryKey(),
      channel: mysql.varchar({ length: 100 }).notNull(),
      author: mysql.text().notNull(),
      text: mysql.text().notNull(),
      createdAt: mysql
        .timestamp("created_at", { fsp: 3 })
        .notNull()
        .$defaultFn(() => new Date()),
    },
    (table) => [mysql.index("messages_by_channel").on(table.channel, table.createdAt)],
  ) as never,
};

type Schema = { messages: typeof messages };

/** The bench's messages in one dialect: the statements, and the functions that run them. */
export function onDialect(dialect: Dialect) {
  const messages = tables[dialect];
  const schema: Schema = { messages };
  const { query, mutation } = createFunctions<Schema>();

  const insert = async (db: Pick<Database<Schema>, "insert">, message: Message): Promise<void> => {
    await db.insert(messages).values(message);
  };
  const select = (db: Pick<Database<Schema>, "query">, channel: string) =>
    db.query.messages.findMany({ where: eq(messages.channel, channel), orderBy: asc(messages.createdAt) });

  const listByChannel = query({
    args: z.object({ channel: z.string() }),
    handler: ({ db }, { channel }) => select(db, channel),
  });
  const send = mutation({
    args: z.object({ channel: z.string(), author: z.string(), text: z.string().min(1).max(2000) }),
    handler: async ({ db, scheduler }, message) => {
      await insert(db, message);
      await scheduler.invalidate(listByChannel, { channel: message.channel });
    },
  });
  return { schema, insert, select, functions: { messages: { listByChannel, send } } };
}
