import { eq, sql } from "drizzle-orm";
import { int as mysqlInteger, mysqlTable } from "drizzle-orm/mysql-core";
import { drizzle as mysql } from "drizzle-orm/mysql-proxy";
import { integer as pgInteger, pgTable } from "drizzle-orm/pg-core";
import { drizzle as pg } from "drizzle-orm/pg-proxy";
import { integer as sqliteInteger, sqliteTable } from "drizzle-orm/sqlite-core";
import { drizzle as sqlite } from "drizzle-orm/sqlite-proxy";
import { describe, expect, test } from "vitest";
import { createFunctions } from "../../functions/define.ts";
import { startWorld } from "../../testing/world.ts";
import { UnawaitedWrites } from "./unawaited-writes.ts";

type Pg = ReturnType<typeof pg>;
const pgNotes = pgTable("notes", { id: pgInteger() });

/** What a driver answers to any statement. */
const ANSWER = { rows: [{ insertId: 1, affectedRows: 1 }] };

/** A database of each dialect. `send` is called with each statement. */
const dialects: [string, (send: () => Promise<typeof ANSWER>) => Pg, typeof pgNotes][] = [
  ["PostgreSQL", (send) => pg(send), pgNotes],
  ["SQLite", (send) => sqlite(send) as never, sqliteTable("notes", { id: sqliteInteger() }) as never],
  ["MySQL", (send) => mysql(send) as never, mysqlTable("notes", { id: mysqlInteger() }) as never],
];

describe.each(dialects)("writes on %s", (_, open, notes) => {
  function watched(): { writes: UnawaitedWrites; db: Pg; sent: () => number } {
    let count = 0;
    const writes = new UnawaitedWrites();
    const db = open(async () => {
      count++;
      return ANSWER;
    });
    return { writes, db: writes.watch(db), sent: () => count };
  }

  test("that are not awaited are named", () => {
    const { writes, db, sent } = watched();
    void db.insert(notes).values({ id: 1 });
    void db.update(notes).set({ id: 2 }).where(eq(notes.id, 1));
    void db.delete(notes).where(eq(notes.id, 2));
    expect(writes.statements).toEqual(["db.insert(notes)", "db.update(notes)", "db.delete(notes)"]);
    expect(sent()).toBe(0);
  });

  test("that are awaited, together or one by one, are not", async () => {
    const { writes, db, sent } = watched();
    await db.insert(notes).values({ id: 1 });
    await Promise.all([db.update(notes).set({ id: 2 }), db.delete(notes).where(sql`true`)]);
    await db.delete(notes).execute();
    expect(writes.statements).toEqual([]);
    expect(sent()).toBe(4);
  });
});

const { mutation } = createFunctions<{ notes: typeof pgNotes }>();
const careless = mutation({
  handler: async ({ db }) => {
    db.insert(pgNotes).values({ id: 1 });
  },
});
const nested = mutation({ handler: ({ runMutation }) => runMutation(careless) });
const careful = mutation({
  handler: async ({ db }) => {
    await db.insert(pgNotes).values({ id: 1 });
  },
});

test("a mutation that has not awaited a write is told so in development, in terminal and browser", async () => {
  await using world = await startWorld({
    functions: { notes: { careless, nested, careful } },
    schema: { notes: pgNotes },
  });
  const alice = world.connect();
  const warnings = () => world.clock.lines.flatMap(({ level, message }) => (level === "warn" ? message : []));
  await alice.mutation("notes:careful");
  expect(warnings()).toEqual([]);
  await alice.mutation("notes:careless");
  const sentence =
    "notes:careless has not awaited db.insert(notes)…: it was not sent, and nothing of it is written. Await it.";
  // Once from the server, once from the client that was told: they share a log here.
  expect(warnings()).toEqual([sentence, sentence]);
  await alice.mutation("notes:nested");
  expect(warnings()).toHaveLength(4);
});
