import { action, ConvexError, createFunctions, type Identity, mutation, query } from "convex-lite/server";
import { eq } from "drizzle-orm";
import { pgTable, serial, text } from "drizzle-orm/pg-core";
import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { api, internal } from "@/convex/_generated/api";
import { channels, messages } from "@/convex/schema";
import * as functions from "./functions.ts";

describe("ctx.db", () => {
  test("knows the tables of convex/schema.ts without a cast", () => {
    query({
      handler: async ({ db }) => {
        const [row] = await db.query.messages.findMany({ where: (table, { gt }) => gt(table.createdAt, new Date()) });
        expectTypeOf(row?.createdAt).toEqualTypeOf<Date | undefined>();
        const rows = await db.select({ name: channels.name }).from(channels).where(eq(channels.id, 1));
        expectTypeOf(rows).toEqualTypeOf<{ name: string }[]>();
        // @ts-expect-error there is no such table
        db.query.users;
        // @ts-expect-error there is no such column
        await db.query.messages.findFirst({ where: (table, { eq }) => eq(table.sender, "a") });
      },
    });
  });

  test("of a query only reads", () => {
    query({
      handler: async ({ db }) => {
        // @ts-expect-error a query does not write
        await db.insert(channels).values({ name: "a" });
        // @ts-expect-error a query does not write
        await db.update(channels).set({ name: "a" });
        // @ts-expect-error a query does not write
        await db.delete(channels);
      },
    });
  });

  test("of a mutation writes what the table takes", () => {
    mutation({
      handler: async ({ db }) => {
        const [row] = await db.insert(messages).values({ channel: "a", author: "b", text: "c" }).returning();
        expectTypeOf(row?.id).toEqualTypeOf<number | undefined>();
        // @ts-expect-error "author" and "text" are missing
        await db.insert(messages).values({ channel: "a" });
        // @ts-expect-error there is no such column
        await db.update(messages).set({ sender: "a" });
      },
    });
  });

  test("is of another schema where the functions are made for another one", () => {
    const users = pgTable("users", { id: serial().primaryKey(), name: text().notNull() });
    const schema = { users };
    const other = createFunctions<typeof schema>();
    const list = other.query({ handler: ({ db }) => db.query.users.findMany() });
    other.mutation({
      handler: async ({ db, runQuery }) => {
        expectTypeOf(await runQuery(list)).toEqualTypeOf<{ id: number; name: string }[]>();
        await db.insert(users).values({ name: "Ines" });
        // @ts-expect-error the messages are of the other schema
        db.query.messages;
      },
    });
  });
});

describe("what a handler is given", () => {
  test("arguments are as the schema parsed them", () => {
    query({
      args: z.object({ since: z.string().pipe(z.coerce.date()), limit: z.number().default(50) }),
      handler: (_, args) => expectTypeOf(args).toEqualTypeOf<{ since: Date; limit: number }>(),
    });
  });

  test("without a schema there are no arguments", () => {
    query({
      handler: (_, args) => {
        expectTypeOf(args).toEqualTypeOf<Record<string, never>>();
      },
    });
  });

  test("every handler may ask who is calling", () => {
    query({
      handler: async ({ auth }) => expectTypeOf(await auth.getUserIdentity()).toEqualTypeOf<Identity | null>(),
    });
    action({ handler: async ({ auth }) => (await auth.getUserIdentity())?.subject.length });
  });

  test("a query neither announces nor mutates, an action has no database", () => {
    query({
      handler: (ctx) => {
        // @ts-expect-error a query changes nothing that it could announce
        ctx.scheduler;
        // @ts-expect-error a query does not write
        ctx.runMutation;
      },
    });
    mutation({
      handler: (ctx) => {
        // @ts-expect-error an action may run long: it has no place in a transaction
        ctx.runAction;
      },
    });
    action({
      handler: (ctx) => {
        // @ts-expect-error each runQuery and runMutation of an action is a transaction of its own
        ctx.db;
      },
    });
  });
});

describe("functions that call functions", () => {
  test("by themselves or by reference, with their types", () => {
    mutation({
      handler: async ({ runQuery, runMutation }) => {
        expectTypeOf(await runQuery(functions.search, { text: "a" })).toEqualTypeOf<string[]>();
        expectTypeOf(await runQuery(functions.secret, { id: 1 })).toEqualTypeOf<string>();
        expectTypeOf(await runQuery(api.channels.list)).items.toHaveProperty("name");
        expectTypeOf(await runMutation(functions.rename, { from: "a", to: "b" })).toEqualTypeOf<number>();
        expectTypeOf(await runMutation(functions.cleanUp)).toEqualTypeOf<null>();
        // @ts-expect-error "id" is a number
        await runQuery(functions.secret, { id: "1" });
        // @ts-expect-error "channel" is missing
        await runQuery(api.messages.listByChannel);
        // @ts-expect-error a mutation is no query
        await runQuery(api.messages.send, { channel: "a", author: "b", text: "c" });
        // @ts-expect-error there is no such internal function
        await runQuery(internal.messages.listByChannel, { channel: "a" });
        // @ts-expect-error a path as text has no types
        await runQuery("messages:listByChannel", { channel: "a" });
      },
    });
  });
});

describe("scheduler.invalidate", () => {
  test("takes a query, with none, some or all of its arguments as a caller gives them", () => {
    mutation({
      handler: async ({ scheduler }) => {
        await scheduler.invalidate(api.channels.list);
        await scheduler.invalidate(functions.search);
        await scheduler.invalidate(functions.search, { limit: 50 });
        await scheduler.invalidate(functions.search, { since: "2026-11-01", text: "a" });
        await scheduler.invalidate(functions.secret, { id: 1 });
        await scheduler.invalidate(api.messages.listByChannel, { channel: undefined });
        await scheduler.invalidate(api.channels.list, {}, { subject: "ada" });
        // @ts-expect-error a subject is a text
        await scheduler.invalidate(api.channels.list, {}, { subject: 7 });
        // @ts-expect-error "since" is given as text
        await scheduler.invalidate(functions.search, { since: new Date() });
        // @ts-expect-error there is no "chanel"
        await scheduler.invalidate(api.messages.listByChannel, { chanel: "a" });
        // @ts-expect-error it takes no arguments
        await scheduler.invalidate(api.channels.list, { channel: "a" });
        // @ts-expect-error nothing watches a mutation
        await scheduler.invalidate(api.messages.send, { channel: "a" });
        // @ts-expect-error a file is no query
        await scheduler.invalidate(api.messages);
      },
    });
  });
});

describe("a definition", () => {
  test("answers what `returns` accepts", () => {
    query({ returns: z.array(z.string()), handler: async () => ["a"] });
    // @ts-expect-error it answers numbers
    query({ returns: z.array(z.string()), handler: async () => [1] });
    // @ts-expect-error it answers nothing
    query({ returns: z.string(), handler: async () => {} });
  });

  test("takes a zod object or nothing", () => {
    // @ts-expect-error fields without z.object
    query({ args: { channel: z.string() }, handler: () => null });
    // @ts-expect-error not an object
    query({ args: z.string(), handler: () => null });
  });

  test("has a handler", () => {
    // @ts-expect-error there is none
    mutation({ args: z.object({}) });
    // @ts-expect-error a function is no definition
    mutation(async () => null);
  });
});

describe("a ConvexError", () => {
  test("knows its data", () => {
    expectTypeOf(new ConvexError({ code: "closed" as const }).data).toEqualTypeOf<{ code: "closed" }>();
    expectTypeOf<functions.Refusal["data"]>().toEqualTypeOf<{ code: "closed" }>();
  });
});
