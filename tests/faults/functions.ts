import { once } from "node:events";
import { asc, count, eq } from "drizzle-orm";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { z } from "zod";
import { createFunctions } from "../../lib/functions/define.ts";

export const notes = pgTable("notes", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  room: text().notNull(),
  text: text().notNull(),
});

/** What a server prints when `notes.linger` runs. */
export const LINGERS = "a mutation lingers";

let toldToStop: Promise<unknown> | undefined;

export const schema = { notes };
const { query, mutation } = createFunctions<typeof schema>();

const list = query({
  args: z.object({ room: z.string().max(100) }),
  handler: async ({ db }, { room }) =>
    db.select({ id: notes.id, text: notes.text }).from(notes).where(eq(notes.room, room)).orderBy(asc(notes.id)),
});

/** Every note, to compare with what clients show. */
const all = query({
  args: z.object({}),
  handler: async ({ db }) => db.select().from(notes).orderBy(asc(notes.id)),
});

const total = query({
  args: z.object({}),
  handler: async ({ db }) => (await db.select({ count: count() }).from(notes))[0]?.count ?? 0,
});

/** Takes arguments of any size. */
const equal = query({
  args: z.object({ text: z.string() }),
  handler: async ({ db }, { text }) => (await db.select().from(notes).where(eq(notes.text, text)).limit(1)).length,
});

const add = mutation({
  args: z.object({ room: z.string().max(100), text: z.string(), times: z.int().min(1).max(3).optional() }),
  handler: async ({ db, scheduler }, { room, text }) => {
    await db.insert(notes).values({ room, text });
    await scheduler.invalidate(list, { room });
    await scheduler.invalidate(total);
    return text;
  },
});

/** Writes, and does not end before the server is told to stop. */
const linger = mutation({
  args: z.object({ room: z.string().max(100), text: z.string() }),
  handler: async ({ db, scheduler }, { room, text }) => {
    await db.insert(notes).values({ room, text });
    await scheduler.invalidate(list, { room });
    // One promise for all tries, should the mutation lose a conflict: the signal comes only once.
    toldToStop ??= once(process, "SIGTERM");
    console.log(LINGERS);
    await toldToStop;
    return text;
  },
});

/** Fails in the database, whose message must not reach a client. */
const broken = query({ args: z.object({}), handler: async ({ db }) => db.execute("select secret from nowhere") });

export const functions = { notes: { list, all, total, equal, add, linger, broken } };
