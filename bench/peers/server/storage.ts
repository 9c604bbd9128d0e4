import Database from "better-sqlite3";
import { asc, eq } from "drizzle-orm";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import type { Message } from "../../functions/conversation.ts";
import { onDialect } from "../../functions/on-dialect.ts";
import { type DatabasePlace, fileOfPlace } from "../../server/database.ts";

/** The statements of the bench with Drizzle and its driver of SQLite, as an application writes them by itself. */
export function openStorage(place: DatabasePlace) {
  const { schema } = onDialect("sqlite");
  const { messages } = schema;
  const file = new Database(fileOfPlace(place));
  file.exec("pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on");
  const db = drizzle(file, { schema: schema as never }) as unknown as BetterSQLite3Database<typeof schema>;
  return {
    async insert(message: Message): Promise<void> {
      await db.insert(messages as never).values(message as never);
    },
    select: (channel: string): Promise<Record<string, unknown>[]> =>
      db.query.messages.findMany({ where: eq(messages.channel, channel), orderBy: asc(messages.createdAt) }) as never,
  };
}
