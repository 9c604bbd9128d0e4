import { mutation, paginate, paginationOpts, query } from "convex-lite/server";
import { count, desc, eq, max } from "drizzle-orm";
import { z } from "zod";
import { messages } from "./schema";

export const list = query({
  args: z.object({ channel: z.string() }),
  handler: ({ db }, { channel }) =>
    db.query.messages.findMany({
      where: (message, { eq }) => eq(message.channel, channel),
      orderBy: (message, { asc }) => [asc(message.sentAt), asc(message.id)],
    }),
});

export const history = query({
  args: z.object({ channel: z.string(), paginationOpts }),
  handler: ({ db }, { channel, paginationOpts }) =>
    paginate(
      db.select().from(messages).where(eq(messages.channel, channel)),
      { orderBy: [desc(messages.sentAt), desc(messages.id)] },
      paginationOpts,
    ),
});

/** The channels, the busiest first. */
export const channels = query({
  handler: ({ db }) =>
    db
      .select({ channel: messages.channel, messages: count(), latest: max(messages.sentAt) })
      .from(messages)
      .groupBy(messages.channel)
      .orderBy(desc(count()), messages.channel),
});

export const send = mutation({
  args: z.object({ channel: z.string(), author: z.string(), text: z.string().min(1).max(2000), sentAt: z.date() }),
  handler: async ({ db, scheduler }, { channel, author, text, sentAt }) => {
    const id = crypto.randomUUID();
    await db.insert(messages).values({ id, channel, author, text, sentAt });
    await scheduler.invalidate(list, { channel });
    await scheduler.invalidate(history, { channel });
    await scheduler.invalidate(channels);
    return id;
  },
});
