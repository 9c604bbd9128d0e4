import { mutation, query } from "convex-lite/server";
import { z } from "zod";
import { byChannel } from "./history";
import { messages } from "./schema";

/** All messages of a channel. The chat itself reads them page by page, as `history.byChannel` gives them. */
export const listByChannel = query({
  args: z.object({ channel: z.string() }),
  handler: async ({ db }, { channel }) =>
    db.query.messages.findMany({
      where: (messages, { eq }) => eq(messages.channel, channel),
      orderBy: (messages, { asc }) => asc(messages.createdAt),
    }),
});

export const send = mutation({
  args: z.object({ channel: z.string(), author: z.string(), text: z.string().min(1).max(2000) }),
  handler: async ({ db, scheduler }, { channel, author, text }) => {
    await db.insert(messages).values({ channel, author, text });
    await scheduler.invalidate(listByChannel, { channel });
    await scheduler.invalidate(byChannel, { channel });
  },
});
