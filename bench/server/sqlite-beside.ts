import Database from "better-sqlite3";
import type { Message } from "../functions/conversation.ts";

/** A row as a statement answers it. */
interface StoredRow {
  id: number;
  channel: string;
  author: string;
  text: string;
  createdAt: number;
}

/** The two statements of the bench, prepared once, without Drizzle and without a transaction. */
export function preparedStatements(file: string) {
  const database = new Database(file);
  database.exec("pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on");
  const insert = database.prepare("insert into messages (channel, author, text, created_at) values (?, ?, ?, ?)");
  const select = database.prepare<[string], StoredRow>(
    "select id, channel, author, text, created_at as createdAt from messages where channel = ? order by created_at",
  );
  return {
    insert: ({ channel, author, text }: Message): void => void insert.run(channel, author, text, Date.now()),
    select: (channel: string): StoredRow[] => select.all(channel),
  };
}
