import { setTimeout } from "node:timers/promises";
import { and, desc, eq } from "drizzle-orm";
import { index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { z } from "zod";
import { createFunctions } from "../../lib/functions/define.ts";
import { paginate } from "../../lib/functions/pagination/paginate.ts";
import { paginationOpts } from "../../lib/functions/pagination/pagination-options.ts";
import { ConvexError } from "../../lib/values/errors.ts";

const entries = pgTable(
  "entries",
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    list: text().notNull(),
    /** No other entry has it. */
    uid: text().notNull(),
  },
  (table) => [index("entries_by_list").on(table.list, table.id)],
);
/** What greedy clients store: how large it was. */
const hoards = pgTable("hoards", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  bytes: integer().notNull(),
});

export const schema = { entries, hoards };
const { query, mutation, action } = createFunctions<typeof schema>();

const list = z.string().max(100);
/** A query just below `slowQueryMs`. */
const ALMOST_SLOW_MS = 200;

// ── what ordinary clients use ──

const latest = query({
  args: z.object({ list }),
  handler: ({ db }, { list }) =>
    db.select().from(entries).where(eq(entries.list, list)).orderBy(desc(entries.id)).limit(50),
});

const add = mutation({
  args: z.object({ list, uid: z.string().max(100) }),
  handler: async ({ db, scheduler }, { list, uid }) => {
    await db.insert(entries).values({ list, uid });
    for (const touched of [latest, search, page, ponder])
      await scheduler.invalidate(touched as typeof latest, { list });
    return uid;
  },
});

/** The uids of every entry, to compare with what was acknowledged. */
const uids = query({
  args: z.object({}),
  handler: async ({ db }) => (await db.select({ uid: entries.uid }).from(entries)).map(({ uid }) => uid),
});

// ── what an application may also have, and greedy clients use up ──

/** Takes arguments as large as they may be. */
const search = query({
  args: z.object({ list, text: z.string() }),
  handler: async ({ db }, { list, text }) =>
    db
      .select()
      .from(entries)
      .where(and(eq(entries.list, list), eq(entries.uid, text)))
      .limit(1),
});

const page = query({
  args: z.object({ list, paginationOpts }),
  handler: ({ db }, { list, paginationOpts }) =>
    paginate(
      db.select().from(entries).where(eq(entries.list, list)),
      { orderBy: [desc(entries.list), desc(entries.id)] },
      paginationOpts,
    ),
});

const ponder = query({
  args: z.object({ list, n: z.int() }),
  handler: async (_ctx, { n }) => {
    await setTimeout(ALMOST_SLOW_MS);
    return n;
  },
});

/** A large answer, another after each `enlarge`. */
const large = query({
  args: z.object({ owner: z.string(), n: z.int(), bytes: z.int() }),
  handler: async ({ db }, { n, bytes }) => {
    const [last] = await db.select().from(hoards).orderBy(desc(hoards.id)).limit(1);
    return `${n} ${last?.id ?? 0} `.padEnd(bytes, "x");
  },
});

const enlarge = mutation({
  args: z.object({ owner: z.string() }),
  handler: async ({ db, scheduler }, { owner }) => {
    await db.insert(hoards).values({ bytes: 0 });
    await scheduler.invalidate(large, { owner });
  },
});

/** Takes and returns what is sent. */
const hoard = mutation({
  args: z.object({ data: z.unknown() }),
  handler: async ({ db }, { data }) => {
    await db.insert(hoards).values({ bytes: JSON.stringify(data).length });
    return data;
  },
});

const fail = mutation({
  args: z.object({ text: z.string() }),
  handler: async ({ db }, { text }) => {
    await db.insert(hoards).values({ bytes: text.length });
    throw new ConvexError({ text });
  },
});

const linger = action({
  args: z.object({ ms: z.int() }),
  handler: async ({ signal }, { ms }) => {
    await setTimeout(ms, undefined, { signal }).catch(() => {});
  },
});

export const functions = {
  entries: { latest, add, uids, search, page },
  greedy: { ponder, large, enlarge, hoard, fail, linger },
};
