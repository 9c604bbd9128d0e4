/** Functions as an author may write them. They are only ever read by the compiler. */
import {
  action,
  type ConvexError,
  internalMutation,
  internalQuery,
  mutation,
  paginate,
  paginationOpts,
  type QueryCtx,
  query,
} from "convex-lite/server";
import { desc, eq } from "drizzle-orm";
import { z } from "zod";
import { messages } from "@/convex/schema";

export const search = query({
  args: z.object({
    text: z.string(),
    limit: z.number().default(50),
    since: z.string().pipe(z.coerce.date()).optional(),
  }),
  handler: async ({ db }, { limit }) => (await db.query.messages.findMany({ limit })).map(({ text }) => text),
});

export const recent = query({
  args: z.object({ limit: z.number().optional() }),
  handler: ({ db }) => db.query.channels.findMany({ columns: { name: true } }),
});

export const page = query({
  args: z.object({ channel: z.string(), paginationOpts }),
  handler: ({ db }, { channel, paginationOpts }) =>
    paginate(
      db.select({ id: messages.id, at: messages.createdAt }).from(messages).where(eq(messages.channel, channel)),
      { orderBy: [desc(messages.createdAt), desc(messages.id)] },
      paginationOpts,
    ),
});

/** Its result is what `returns` makes of the row: fewer fields, and converted. */
export const summary = query({
  args: z.object({ channel: z.string() }),
  returns: z.object({ total: z.number(), newest: z.string().transform((text) => text.length) }),
  handler: async () => ({ total: 1, newest: "text" }),
});

export const rename = mutation({
  args: z.object({ from: z.string(), to: z.string() }),
  errors: z.discriminatedUnion("code", [
    z.object({ code: z.literal("taken"), by: z.string() }),
    z.object({ code: z.literal("closed") }),
  ]),
  handler: async () => 1,
});

export const relay = action({
  args: z.object({ url: z.string() }),
  handler: async ({ runMutation }, { url }) => runMutation(rename, { from: url, to: url }),
});

export const secret = internalQuery({ args: z.object({ id: z.number() }), handler: () => "secret" });
export const cleanUp = internalMutation({ handler: () => null });

/** Not a function: it may stand beside them. */
export const pageSize = 50;
export const helper = async ({ db }: QueryCtx) => (await db.query.channels.findMany()).length;
export type Refusal = ConvexError<{ code: "closed" }>;
