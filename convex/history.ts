import { paginate, paginationOpts, query } from "convex-lite/server";
import { desc, eq } from "drizzle-orm";
import { z } from "zod";
import { messages } from "./schema";

/** The messages of a channel, latest first, page by page. */
export const byChannel = query({
  args: z.object({ channel: z.string(), paginationOpts }),
  handler: ({ db }, { channel, paginationOpts }) =>
    paginate(
      db.select().from(messages).where(eq(messages.channel, channel)),
      { orderBy: [desc(messages.createdAt), desc(messages.id)] },
      paginationOpts,
    ),
});
