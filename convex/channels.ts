import { ConvexError, mutation, query } from "convex-lite/server";
import { z } from "zod";
import { channels } from "./schema";

/** A channel's name is part of its address, `/chat/<name>`, so it is spelled as addresses are. */
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
    // Two people who create the same name at once: one transaction is run again, and then finds the other's.
    const taken = await db.query.channels.findFirst({ where: (channels, { eq }) => eq(channels.name, name) });
    if (taken) throw new ConvexError({ code: "name-taken", name });
    await db.insert(channels).values({ name });
    await scheduler.invalidate(list);
  },
});
