import { asc } from "drizzle-orm";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { WireClient } from "../../tests/support/wire-client.ts";
import type { Driver } from "../database/driver/driver.ts";
import { openTemporaryDatabase } from "../database/temporary-database.ts";
import { createFunctions } from "../functions/define.ts";
import { writeCursor } from "../functions/pagination/cursor.ts";
import { paginate } from "../functions/pagination/paginate.ts";
import { paginationOpts } from "../functions/pagination/pagination-options.ts";
import { createTables } from "../schema/create-tables.ts";
import { HandClock } from "../testing/hand-clock.ts";
import { createEngine, type Engine } from "./engine.ts";

const notes = pgTable("notes", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  rank: integer().notNull(),
  title: text().notNull(),
});
const schema = { notes };
const { query, mutation } = createFunctions<typeof schema>();
const functions = {
  notes: {
    add: mutation({
      args: z.object({ title: z.string() }),
      handler: async ({ db }, { title }) => {
        await db.insert(notes).values({ title, rank: 1 });
      },
    }),
    byTitle: query({
      args: z.object({ paginationOpts }),
      handler: ({ db }, { paginationOpts }) =>
        paginate(db.select().from(notes), { orderBy: [asc(notes.title), notes.rank, notes.id] }, paginationOpts),
    }),
  },
};

let driver: Driver;
let engine: Engine;
const clock = new HandClock();
beforeAll(async () => {
  driver = await openTemporaryDatabase({ schema });
  await createTables(driver, schema);
  engine = createEngine({ driver, environment: clock, development: false });
  engine.useFunctions(functions, schema);
  await engine.call({ kind: "mutation", path: "notes:add", args: { title: "first" }, caller: null });
});
afterAll(async () => {
  await engine?.close();
  await driver?.close();
});

describe("what the caller sends and the database cannot read is the caller's fault:", () => {
  test("the character U+0000 in a text, in a call and on a socket", async () => {
    const args = { title: "a\0b" };
    const refused = { kind: "badRequest", issues: [{ path: ["title"], message: expect.stringContaining("U+0000") }] };
    expect(await engine.call({ kind: "mutation", path: "notes:add", args, caller: null })).toMatchObject({
      ok: false,
      error: refused,
    });
    const client = new WireClient(engine).connect("1".repeat(32));
    client.mutate(1, "notes:add", args);
    await client.until(() => client.ofType("MutationFailed").length > 0);
    expect(client.ofType("MutationFailed")).toMatchObject([{ request: 1, error: refused }]);
  });

  test("each cursor whose values are not of their columns' types", async () => {
    const page = (cursor: string | null) =>
      engine.call({
        kind: "query",
        path: "notes:byTitle",
        args: { paginationOpts: { cursor, numItems: 1 } },
        caller: null,
      });
    const first = await page(null);
    if (!first.ok) throw new Error("The first page has no cursor.");
    const { continueCursor } = first.value as { continueCursor: string };
    const [order] = JSON.parse(Buffer.from(continueCursor, "base64url").toString()) as [string];
    const strange: unknown[] = [
      ...[undefined, null, true, 1, 1.5, Number.NaN, 7n, -(2n ** 70n), [], ["a"], [[]], [undefined], {}, { a: 1 }],
      ...[new Date(0), new Date(Number.NaN), new Uint8Array(3), new Map([["a", 1]]), new Set([1]), "\0", "a\0b"],
    ];
    const unfit = ["", "x", "1.5", "1e3", " 1", "9".repeat(30), "'; drop table notes --", "NaN"];
    const forged = [
      ...strange.flatMap((value) => [
        [value, "1", "1"],
        ["a", value, "1"],
        ["a", "1", value],
      ]),
      ...unfit.flatMap((value) => [
        ["a", value, "1"],
        ["a", "1", value],
      ]),
    ];
    for (const values of forged) {
      const answer = await page(writeCursor(order, values));
      expect({ values, answer }).toMatchObject({ values, answer: { ok: false, error: { kind: "badRequest" } } });
    }
    expect(clock.lines.filter(({ level }) => level === "error")).toEqual([]);
  });
});
