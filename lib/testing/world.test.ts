import { asc, eq } from "drizzle-orm";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { expect, test } from "vitest";
import { z } from "zod";
import { createFunctions } from "../functions/define.ts";
import { createReferences, type PublicReferences } from "../functions/reference.ts";
import { startWorld } from "./world.ts";

const notes = pgTable("notes", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  shelf: text().notNull(),
  text: text().notNull(),
});
const schema = { notes };
const { query, mutation } = createFunctions<typeof schema>();

const onShelf = query({
  args: z.object({ shelf: z.string() }),
  handler: ({ db }, { shelf }) => db.select().from(notes).where(eq(notes.shelf, shelf)).orderBy(asc(notes.id)),
});
const add = mutation({
  args: z.object({ shelf: z.string(), text: z.string() }),
  handler: async ({ db, scheduler }, { shelf, text }) => {
    const [note] = await db.insert(notes).values({ shelf, text }).returning();
    await scheduler.invalidate(onShelf, { shelf });
    return note?.id;
  },
});
const functions = { notes: { onShelf, add } };
const api = createReferences<{ notes: PublicReferences<typeof functions.notes> }>();

const top = { shelf: "top" };

test("what Alice adds, Bob sees", async () => {
  await using world = await startWorld({ functions, schema });
  const alice = world.connect("alice");
  const bob = world.connect("bob");
  const seen: string[][] = [];
  bob.watchQuery(api.notes.onShelf, top, ({ data }) => data && seen.push(data.map(({ text }) => text)));

  await alice.mutation(api.notes.add, { ...top, text: "Hi" });
  await world.settled();
  expect(seen.at(-1)).toEqual(["Hi"]);
});

test("if the server crashes while Alice adds, her client reconnects, and the note is stored once", async () => {
  await using world = await startWorld({ functions, schema });
  const alice = world.connect("alice");
  await alice.query(api.notes.onShelf, top);
  const added = alice.mutation(api.notes.add, { ...top, text: "Hi" });
  await world.restart();
  await world.advance(10_000);
  await added;
  expect((await alice.query(api.notes.onShelf, top)).map(({ text }) => text)).toEqual(["Hi"]);
});

test("each world begins as the first one did: without rows, its identities at 1, its clients unknown", async () => {
  for (const text of ["a", "b", "c"]) {
    await using world = await startWorld({ functions, schema });
    const alice = world.connect("alice");
    expect(await alice.mutation(api.notes.add, { ...top, text })).toBe(1);
    expect(await alice.query(api.notes.onShelf, top)).toMatchObject([{ id: 1, text }]);
  }
});

test("a test that fails halfway leaves nothing to the next one, not even what it was about to write", async () => {
  for (let n = 0; n < 5; n++) {
    const failing = async () => {
      await using world = await startWorld({ functions, schema });
      const alice = world.connect("alice");
      await alice.mutation(api.notes.add, { ...top, text: "before" });
      for (let i = 0; i < 10; i++) void alice.mutation(api.notes.add, { ...top, text: "on its way" }).catch(() => {});
      await Promise.resolve();
      throw new Error("The assertion of a test.");
    };
    await expect(failing).rejects.toThrow("The assertion of a test.");
    await using world = await startWorld({ functions, schema });
    const bob = world.connect("bob");
    expect(await bob.query(api.notes.onShelf, top)).toEqual([]);
    expect(await bob.mutation(api.notes.add, { ...top, text: "first" })).toBe(1);
  }
});

test("two worlds at once do not see each other's rows", async () => {
  await using here = await startWorld({ functions, schema });
  await using there = await startWorld({ functions, schema });
  await here.connect().mutation(api.notes.add, { ...top, text: "here" });
  expect(await there.connect().query(api.notes.onShelf, top)).toEqual([]);
});
