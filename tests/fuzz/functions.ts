import { and, asc, count, eq, sql, sum } from "drizzle-orm";
import { z } from "zod";
import type { Dialect } from "../../lib/database/driver/driver.ts";
import type { Database } from "../../lib/functions/context.ts";
import { createFunctions } from "../../lib/functions/define.ts";
import { ConvexError } from "../../lib/values/errors.ts";
import { defineMutations, type Queries, queryArgs, type Store } from "./define-functions.ts";
import { STRICT_LIMIT } from "./model.ts";
import { type FuzzSchema, schemas } from "./schema.ts";

/** The model's functions over SQL, for the tables of one dialect. */
export function functionsFor(dialect: Dialect) {
  const { query } = createFunctions<FuzzSchema>();
  const { items, lists, journal, counter } = schemas[dialect];

  const inList = query({
    args: queryArgs.inList,
    handler: async ({ db }, { list }) =>
      db.select().from(items).where(eq(items.list, list)).orderBy(asc(items.rank), asc(items.id)),
  });

  const top = query({
    args: queryArgs.top,
    handler: async ({ db }, { list, limit }) =>
      db.query.items.findMany({
        where: (item, is) => is.eq(item.list, list),
        orderBy: (item, by) => [by.asc(item.rank), by.asc(item.id)],
        limit,
      }),
  });

  /** Asks who is calling only while the list is private. */
  const visible = query({
    args: queryArgs.inList,
    handler: async ({ db, auth }, { list }) => {
      const [found] = await db.select().from(lists).where(eq(lists.id, list));
      const owner = found?.isPrivate ? ((await auth.getUserIdentity())?.subject ?? "anonymous") : undefined;
      const rows = await db
        .select({ item: items })
        .from(items)
        .innerJoin(lists, eq(lists.id, items.list))
        .where(and(eq(lists.id, list), owner === undefined ? undefined : eq(items.owner, owner)))
        .orderBy(asc(items.rank), asc(items.id));
      return rows.map(({ item }) => item);
    },
  });

  const strict = query({
    args: queryArgs.inList,
    handler: async ({ db }, { list }) => {
      const [found] = await db.select({ count: count() }).from(items).where(eq(items.list, list));
      if (found && found.count > STRICT_LIMIT) throw new ConvexError({ code: "tooMany", count: found.count });
      return found?.count;
    },
  });

  const countAll = query({
    args: z.object({}),
    handler: async ({ db }) => {
      const [found] = await db.select({ count: count(), total: sum(items.rank) }).from(items);
      return { count: found?.count ?? 0, total: Number(found?.total ?? 0) };
    },
  });

  const overview = query({
    args: z.object({}),
    handler: async ({ db }) => {
      const rows = await db
        .select({ id: lists.id, isPrivate: lists.isPrivate, count: count(items.id), total: sum(items.rank) })
        .from(lists)
        .leftJoin(items, eq(items.list, lists.id))
        .groupBy(lists.id, lists.isPrivate)
        .orderBy(asc(lists.id));
      return rows.map((row) => ({ ...row, total: Number(row.total ?? 0) }));
    },
  });

  const mine = query({
    args: z.object({}),
    handler: async ({ db, auth }) => {
      const who = (await auth.getUserIdentity())?.subject ?? "anonymous";
      const own = await db.select().from(items).where(eq(items.owner, who)).orderBy(asc(items.rank), asc(items.id));
      return { who, items: own };
    },
  });

  const pair = query({
    args: queryArgs.pair,
    handler: async ({ runQuery }, { first, second }) => {
      const run = runQuery as unknown as (query: unknown, args: { list: string }) => Promise<unknown>;
      return Promise.all([run(inList, { list: first }), run(inList, { list: second })]);
    },
  });

  const queries = { inList, top, visible, strict, count: countAll, overview, mine, pair } as unknown as Queries;

  function storeOf(anyDb: unknown): Store {
    const db = anyDb as Database<FuzzSchema>;
    return {
      item: async (id) => (await db.select().from(items).where(eq(items.id, id)))[0],
      put: async (item) => {
        const { id, ...rest } = item;
        const [found] = await db.select({ id: items.id }).from(items).where(eq(items.id, id));
        if (found) await db.update(items).set(rest).where(eq(items.id, id));
        else await db.insert(items).values(item);
      },
      remove: async (id) => {
        await db.delete(items).where(eq(items.id, id));
      },
      isPrivate: async (list) => (await db.select().from(lists).where(eq(lists.id, list)))[0]?.isPrivate ?? false,
      setPrivate: async (list, isPrivate) => {
        await db.update(lists).set({ isPrivate }).where(eq(lists.id, list));
      },
      ran: async (uid) => {
        await db.update(counter).set({ version: sql`${counter.version} + 1` });
        const [next] = await db.select().from(counter);
        const state = JSON.stringify({ items: await db.select().from(items), lists: await db.select().from(lists) });
        await db.insert(journal).values({ version: next?.version ?? 0, uid, state });
      },
    };
  }

  return { items: { ...queries, ...defineMutations(queries, storeOf) } };
}
