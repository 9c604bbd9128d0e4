import { mutation, query } from "convex-lite/server";
import { asc, eq } from "drizzle-orm";
import { z } from "zod";
import { messages } from "./schema";

export const list = query({
  args: z.object({ channel: z.string() }),
  handler: ({ db }, { channel }) =>
    db.query.messages.findMany({ where: eq(messages.channel, channel), orderBy: asc(messages.id) }),
});

export const send = mutation({
  args: z.object({ channel: z.string(), text: z.string().min(1) }),
  handler: async ({ db, scheduler }, { channel, text }) => {
    await db.insert(messages).values({ channel, text });
    await scheduler.invalidate(list, { channel });
  },
});
