import { createReferences, type PublicReferences } from "convex-lite/client";
import { createFunctions } from "convex-lite/server";
import { eq } from "drizzle-orm";
import * as mysql from "drizzle-orm/mysql-core";
import * as pg from "drizzle-orm/pg-core";
import * as sqlite from "drizzle-orm/sqlite-core";
import { z } from "zod";

/** One table: a counter has a name and a value. */
export const schemas = {
  pg: {
    counters: pg.pgTable("counters", { name: pg.varchar({ length: 50 }).primaryKey(), value: pg.integer().notNull() }),
  },
  sqlite: {
    counters: sqlite.sqliteTable("counters", { name: sqlite.text().primaryKey(), value: sqlite.integer().notNull() }),
  },
  mysql: {
    counters: mysql.mysqlTable("counters", {
      name: mysql.varchar({ length: 50 }).primaryKey(),
      value: mysql.int().notNull(),
    }),
  },
};

/** Written once, with the types of PostgreSQL's tables. */
export function counting({ counters }: typeof schemas.pg) {
  const { query, mutation } = createFunctions<typeof schemas.pg>();
  const name = z.object({ name: z.string() });
  const get = query({
    args: name,
    handler: async ({ db }, { name }) =>
      (await db.query.counters.findFirst({ where: (counters, { eq }) => eq(counters.name, name) }))?.value ?? 0,
  });
  const all = query({ handler: ({ db }) => db.select().from(counters).orderBy(counters.name) });
  /** Reads a value and writes it plus one: of two at once, one loses a conflict. */
  const increment = mutation({
    args: name,
    handler: async ({ db, scheduler }, { name }) => {
      const [found] = await db.select().from(counters).where(eq(counters.name, name));
      const value = (found?.value ?? 0) + 1;
      if (found) await db.update(counters).set({ value }).where(eq(counters.name, name));
      else await db.insert(counters).values({ name, value });
      await scheduler.invalidate(get, { name });
      await scheduler.invalidate(all);
      return value;
    },
  });
  const incrementAndFail = mutation({
    args: name,
    handler: async ({ runMutation }, { name }) => {
      await runMutation(increment, { name });
      throw new Error("changed my mind");
    },
  });
  /** The inner mutation fails, and only its writes are rolled back. */
  const incrementTwice = mutation({
    args: name,
    handler: async ({ runMutation }, { name }) => {
      await runMutation(increment, { name });
      await runMutation(incrementAndFail, { name }).catch(() => {});
      await runMutation(increment, { name });
    },
  });
  const writeInQuery = query({
    handler: async ({ db }) => {
      await (db as unknown as { delete(table: unknown): Promise<unknown> }).delete(counters);
    },
  });
  return { get, all, increment, incrementAndFail, incrementTwice, writeInQuery };
}

export const api = createReferences<{ counters: PublicReferences<ReturnType<typeof counting>> }>();
