import { ConvexError, mutation, query } from "convex-lite/server";
import { z } from "zod";
import { channels } from "./schema";

/** The name of a channel is part of its URL, `/chat/<name>`, so it holds only characters that need no encoding. */
const channelName = z
  .string()
  .min(1, "A channel needs a name.")
  .max(32, "Keep the name to 32 characters.")
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "Use lower-case letters, digits and single dashes between them.");

/** Every channel, oldest first. */
export const list = query({
  handler: async ({ db }) => db.query.channels.findMany({ orderBy: (channels, { asc }) => asc(channels.id) }),
});

export const create = mutation({
  args: z.object({ name: channelName }),
  errors: z.object({ code: z.literal("name-taken"), name: z.string() }),
  handler: async ({ db, scheduler }, { name }) => {
    // If two people create the same name at once, one transaction runs again and finds the channel of the other.
    const taken = await db.query.channels.findFirst({ where: (channels, { eq }) => eq(channels.name, name) });
    if (taken) throw new ConvexError({ code: "name-taken", name });
    await db.insert(channels).values({ name });
    await scheduler.invalidate(list);
  },
});
