import { createFunctions, paginate, paginationOpts } from "convex-lite/server";
import { and, asc, count, desc, eq, relations, sql } from "drizzle-orm";
import * as mysql from "drizzle-orm/mysql-core";
import * as pg from "drizzle-orm/pg-core";
import * as sqlite from "drizzle-orm/sqlite-core";
import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";

const pgMessages = pg.pgTable("messages", {
  id: pg.serial().primaryKey(),
  channel: pg.text().notNull(),
  author: pg.text().notNull(),
  text: pg.text().notNull(),
  createdAt: pg.timestamp().notNull().defaultNow(),
});
const sqliteMessages = sqlite.sqliteTable("messages", {
  id: sqlite.integer().primaryKey({ autoIncrement: true }),
  channel: sqlite.text().notNull(),
  author: sqlite.text().notNull(),
  text: sqlite.text().notNull(),
  createdAt: sqlite
    .integer({ mode: "timestamp_ms" })
    .notNull()
    .$defaultFn(() => new Date()),
});
const mysqlMessages = mysql.mysqlTable("messages", {
  id: mysql.int().primaryKey().autoincrement(),
  channel: mysql.varchar({ length: 100 }).notNull(),
  author: mysql.varchar({ length: 100 }).notNull(),
  text: mysql.text().notNull(),
  createdAt: mysql.timestamp({ fsp: 3 }).notNull().defaultNow(),
});
const authors = <T extends Parameters<typeof relations>[0]>(table: T) => relations(table, () => ({}));

interface Message {
  id: number;
  channel: string;
  author: string;
  text: string;
  createdAt: Date;
}

/** What the README shows, for each dialect: the same lines, told apart by the schema's type alone. */
describe("the README's functions, without a cast", () => {
  test("on PostgreSQL", () => {
    const messages = pgMessages;
    const schema = { messages, authors: authors(messages), mood: pg.pgEnum("mood", ["good"]), limit: 50 };
    const { query, mutation } = createFunctions<typeof schema>();

    query({
      args: z.object({ channel: z.string() }),
      handler: async ({ db }, { channel }) => {
        const found = await db.query.messages.findMany({
          where: (messages, { eq }) => eq(messages.channel, channel),
          orderBy: (messages, { asc }) => asc(messages.createdAt),
        });
        expectTypeOf(found).toEqualTypeOf<Message[]>();
        // @ts-expect-error a query does not write
        db.insert;
        return found;
      },
    });
    mutation({
      args: z.object({ channel: z.string(), author: z.string(), text: z.string() }),
      handler: async ({ db }, { channel, author, text }) => {
        await db.insert(messages).values({ channel, author, text });
        const [row] = await db.insert(messages).values({ channel, author, text }).onConflictDoNothing().returning();
        expectTypeOf(row).toEqualTypeOf<Message | undefined>();
        await db
          .update(messages)
          .set({ text })
          .where(and(eq(messages.channel, channel), eq(messages.author, author)));
        await db.delete(messages).where(eq(messages.id, 1));
        const [total] = await db.select({ rows: count() }).from(messages).groupBy(messages.channel);
        expectTypeOf(total).toEqualTypeOf<{ rows: number } | undefined>();
        await db.transaction(async (inner) => inner.insert(messages).values({ channel, author, text }));
        expectTypeOf(await db.$count(messages)).toEqualTypeOf<number>();
        // @ts-expect-error MySQL's alone
        db.insert(messages).values({ channel, author, text }).$returningId;
      },
    });
    query({
      args: z.object({ channel: z.string(), paginationOpts }),
      handler: async ({ db }, { channel, paginationOpts }) => {
        const { page } = await paginate(
          db.select().from(messages).where(eq(messages.channel, channel)),
          { orderBy: [desc(messages.createdAt), desc(messages.id)] },
          paginationOpts,
        );
        expectTypeOf(page).toEqualTypeOf<Message[]>();
      },
    });
  });

  test("on SQLite", () => {
    const messages = sqliteMessages;
    const schema = { messages, authors: authors(messages), limit: 50 };
    const { query, mutation } = createFunctions<typeof schema>();

    query({
      args: z.object({ channel: z.string() }),
      handler: async ({ db }, { channel }) => {
        const found = await db.query.messages.findMany({
          where: (messages, { eq }) => eq(messages.channel, channel),
          orderBy: (messages, { asc }) => asc(messages.createdAt),
        });
        expectTypeOf(found).toEqualTypeOf<Message[]>();
        // @ts-expect-error a query does not write
        db.insert;
        return found;
      },
    });
    mutation({
      args: z.object({ channel: z.string(), author: z.string(), text: z.string() }),
      handler: async ({ db }, { channel, author, text }) => {
        const { changes } = await db.insert(messages).values({ channel, author, text });
        expectTypeOf(changes).toEqualTypeOf<number>();
        const [row] = await db.insert(messages).values({ channel, author, text }).onConflictDoNothing().returning();
        expectTypeOf(row).toEqualTypeOf<Message | undefined>();
        await db
          .update(messages)
          .set({ text })
          .where(and(eq(messages.channel, channel), eq(messages.author, author)));
        await db.delete(messages).where(eq(messages.id, 1));
        const [total] = await db.select({ rows: count() }).from(messages).groupBy(messages.channel);
        expectTypeOf(total).toEqualTypeOf<{ rows: number } | undefined>();
        await db.transaction(async (inner) => inner.insert(messages).values({ channel, author, text }));
        expectTypeOf(await db.$count(messages)).toEqualTypeOf<number>();
        expectTypeOf(await db.all<{ one: number }>(sql`select 1 as one`)).toEqualTypeOf<{ one: number }[]>();
        // @ts-expect-error SQLite has all, get, run and values
        db.execute;
      },
    });
    query({
      args: z.object({ channel: z.string(), paginationOpts }),
      handler: async ({ db }, { channel, paginationOpts }) => {
        const { page } = await paginate(
          db.select().from(messages).where(eq(messages.channel, channel)),
          { orderBy: [desc(messages.createdAt), desc(messages.id)] },
          paginationOpts,
        );
        expectTypeOf(page).toEqualTypeOf<Message[]>();
      },
    });
  });

  test("on MySQL", () => {
    const messages = mysqlMessages;
    const schema = { messages, authors: authors(messages), limit: 50 };
    const { query, mutation } = createFunctions<typeof schema>();

    query({
      args: z.object({ channel: z.string() }),
      handler: async ({ db }, { channel }) => {
        const found = await db.query.messages.findMany({
          where: (messages, { eq }) => eq(messages.channel, channel),
          orderBy: (messages, { asc }) => asc(messages.createdAt),
        });
        expectTypeOf(found).toEqualTypeOf<Message[]>();
        // @ts-expect-error a query does not write
        db.insert;
        return found;
      },
    });
    mutation({
      args: z.object({ channel: z.string(), author: z.string(), text: z.string() }),
      handler: async ({ db }, { channel, author, text }) => {
        const [{ affectedRows, insertId }] = await db.insert(messages).values({ channel, author, text });
        expectTypeOf([affectedRows, insertId]).toEqualTypeOf<number[]>();
        const [made] = await db.insert(messages).values({ channel, author, text }).$returningId();
        expectTypeOf(made).toEqualTypeOf<{ id: number } | undefined>();
        await db
          .update(messages)
          .set({ text })
          .where(and(eq(messages.channel, channel), eq(messages.author, author)));
        await db.delete(messages).where(eq(messages.id, 1));
        const [total] = await db.select({ rows: count() }).from(messages).groupBy(messages.channel);
        expectTypeOf(total).toEqualTypeOf<{ rows: number } | undefined>();
        await db.transaction(async (inner) => inner.insert(messages).values({ channel, author, text }));
        expectTypeOf(await db.$count(messages)).toEqualTypeOf<number>();
        const [rows] = await db.execute<{ one: number }>(sql`select 1 as one`);
        expectTypeOf(rows).toEqualTypeOf<{ one: number }[]>();
        // @ts-expect-error PostgreSQL's and SQLite's alone
        db.insert(messages).values({ channel, author, text }).returning;
        // @ts-expect-error it is onDuplicateKeyUpdate
        db.insert(messages).values({ channel, author, text }).onConflictDoNothing;
      },
    });
    query({
      args: z.object({ channel: z.string(), paginationOpts }),
      handler: async ({ db }, { channel, paginationOpts }) => {
        const { page } = await paginate(
          db.select().from(messages).where(eq(messages.channel, channel)).$dynamic(),
          { orderBy: [asc(messages.createdAt), desc(messages.id)] },
          paginationOpts,
        );
        expectTypeOf(page).toEqualTypeOf<Message[]>();
      },
    });
  });
});
