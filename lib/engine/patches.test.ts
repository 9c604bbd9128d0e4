import { asc, desc, eq, sql } from "drizzle-orm";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { WireClient } from "../../tests/support/wire-client.ts";
import type { Driver } from "../database/driver/driver.ts";
import { openTemporaryDatabase } from "../database/temporary-database.ts";
import { createFunctions } from "../functions/define.ts";
import { createTables } from "../schema/create-tables.ts";
import { HandClock } from "../testing/hand-clock.ts";
import { createEngine, type Engine } from "./engine.ts";

const rows = pgTable("rows", {
  id: integer().primaryKey(),
  list: text().notNull(),
  rank: integer().notNull(),
  text: text().notNull(),
});
const schema = { rows };
const { query, mutation } = createFunctions<typeof schema>();

const list = query({
  args: z.object({ list: z.string() }),
  handler: async ({ db }, args) => db.select().from(rows).where(eq(rows.list, args.list)).orderBy(asc(rows.rank)),
});
const page = query({
  args: z.object({ list: z.string(), size: z.number() }),
  handler: async ({ db }, args) => {
    const found = await db
      .select()
      .from(rows)
      .where(eq(rows.list, args.list))
      .orderBy(desc(rows.rank))
      .limit(args.size);
    return { page: found, isDone: found.length < args.size, continueCursor: `after ${found.at(-1)?.rank}` };
  },
});
const changed = async (scheduler: { invalidate(fn: never, args: never): Promise<void> }, name: string) => {
  await scheduler.invalidate(list as never, { list: name } as never);
  await scheduler.invalidate(page as never, { list: name } as never);
};
const put = mutation({
  args: z.object({ id: z.number(), list: z.string(), rank: z.number(), text: z.string() }),
  handler: async ({ db, scheduler }, row) => {
    await db.insert(rows).values(row).onConflictDoUpdate({ target: rows.id, set: row });
    await changed(scheduler, row.list);
  },
});
const remove = mutation({
  args: z.object({ id: z.number(), list: z.string() }),
  handler: async ({ db, scheduler }, { id, list: name }) => {
    await db.delete(rows).where(eq(rows.id, id));
    await changed(scheduler, name);
  },
});
const fill = mutation({
  args: z.object({ list: z.string(), count: z.number(), from: z.number() }),
  handler: async ({ db }, { list: name, count, from }) => {
    await db.execute(sql`insert into rows select ${from}::int + n, ${name}, ${from}::int + n,
      rpad('row ' || (${from}::int + n), 60, '.') from generate_series(1, ${count}::int) n`);
  },
});
/** Invalidates without a change of rows. */
const touch = mutation({
  args: z.object({ list: z.string() }),
  handler: async ({ scheduler }, { list: name }) => changed(scheduler, name),
});
const functions = { rows: { list, page, put, remove, fill, touch } };

const clientId = (n: number) => n.toString(16).padStart(32, "0");
const TEXT = "t".repeat(60);

let driver: Driver;
let engine: Engine;
let clients: number;

beforeAll(async () => {
  driver = await openTemporaryDatabase({ schema });
  await createTables(driver, schema);
});
afterAll(() => driver?.close());
beforeEach(async () => {
  clients = 0;
  engine = createEngine({ driver, environment: new HandClock(), development: true });
  engine.useFunctions(functions, schema);
});
afterEach(async () => {
  const connection = await driver.connect();
  await connection.begin("write");
  await connection.execute("truncate rows, convex_lite.sessions");
  await connection.commit();
  connection.release();
  await engine.close();
});

async function run(path: keyof typeof functions.rows, args: Record<string, unknown>): Promise<void> {
  const kind = "mutation";
  expect(await engine.call({ kind, path: `rows:${path}`, args, caller: null })).toMatchObject({ ok: true });
  await engine.settled();
}

async function watching(path: string, args: object, hash?: string): Promise<WireClient> {
  const client = new WireClient(engine).connect(clientId(++clients));
  client.subscribe(1, `rows:${path}`, args, hash);
  await engine.settled();
  return client;
}

async function fresh(path: string, args: object): Promise<unknown> {
  const outcome = await engine.call({ kind: "query", path: `rows:${path}`, args: { ...args }, caller: null });
  return outcome.ok ? outcome.value : undefined;
}

const lastText = (client: WireClient): string => client.texts.at(-1) ?? "";
const lastHash = (client: WireClient): string => {
  const hashes = client.transitions.flatMap(({ answers = [] }) => answers).flatMap((a) => ("hash" in a ? a.hash : []));
  return hashes.at(-1) ?? "";
};
const isPatch = (client: WireClient): boolean => lastText(client).includes('"splices":');

test("a row that comes to a list costs itself and no more than 120 bytes, the same in 50 rows and in 1,000", async () => {
  const costs: number[] = [];
  for (const [name, count] of [
    ["short", 50],
    ["long", 1_000],
  ] as const) {
    const from = 10_000 * (costs.length + 1);
    await run("fill", { list: name, count, from });
    const client = await watching("list", { list: name });
    const row = { id: from + 5_000, list: name, rank: from + 5_000, text: TEXT };
    await run("put", row);
    expect(client.value(1)).toHaveLength(count + 1);
    expect(client.value(1)).toEqual(await fresh("list", { list: name }));
    costs.push(Buffer.byteLength(lastText(client)) - JSON.stringify(row).length);
  }
  expect(costs[0]).toBe(costs[1]);
  expect(costs[0]).toBeLessThanOrEqual(120);
});

test("clients that had the same list are sent the same frame; others another", async () => {
  await run("fill", { list: "a", count: 20, from: 0 });
  const [first, second, slow] = [
    await watching("list", { list: "a" }),
    await watching("list", { list: "a" }),
    await watching("list", { list: "a" }),
  ];
  slow.bufferedAmount = 2 * 1024 * 1024;
  await run("put", { id: 100, list: "a", rank: 100, text: TEXT });
  slow.bufferedAmount = 0;
  await run("put", { id: 101, list: "a", rank: 101, text: TEXT });
  expect(first.frames.at(-1)).toBe(second.frames.at(-1));
  expect([isPatch(first), isPatch(slow)]).toEqual([true, true]);
  expect(lastText(first)).not.toContain('"id":100');
  expect(lastText(slow)).toContain('"id":100');
  for (const client of [first, second, slow]) expect(client.value(1)).toEqual(await fresh("list", { list: "a" }));
});

test("a client that has missed too much is sent the whole list", async () => {
  await run("fill", { list: "a", count: 20, from: 0 });
  const slow = await watching("list", { list: "a" });
  slow.bufferedAmount = 2 * 1024 * 1024;
  for (let id = 100; id < 108; id++) await run("put", { id, list: "a", rank: id, text: TEXT });
  slow.bufferedAmount = 0;
  await run("put", { id: 200, list: "a", rank: 200, text: TEXT });
  expect(isPatch(slow)).toBe(false);
  expect(slow.value(1)).toEqual(await fresh("list", { list: "a" }));
});

test("nothing is sent for a result that is the same", async () => {
  await run("fill", { list: "a", count: 20, from: 0 });
  const client = await watching("list", { list: "a" });
  const paged = await watching("page", { list: "a", size: 5 });
  const before = [client.frames.length, paged.frames.length];
  await run("touch", { list: "a" });
  await run("put", { id: 1, list: "a", rank: 1, text: "row 1".padEnd(60, ".") });
  expect([client.frames.length, paged.frames.length]).toEqual(before);
});

test("a row that changes, moves or goes is all that is sent", async () => {
  await run("fill", { list: "a", count: 100, from: 0 });
  const client = await watching("list", { list: "a" });
  const changes: [keyof typeof functions.rows, Record<string, unknown>][] = [
    ["put", { id: 50, list: "a", rank: 50, text: TEXT }],
    ["put", { id: 99, list: "a", rank: -1, text: TEXT }],
    ["put", { id: 99, list: "a", rank: 1_000, text: TEXT }],
    ["remove", { id: 30, list: "a" }],
    ["remove", { id: 1, list: "a" }],
    ["remove", { id: 99, list: "a" }],
  ];
  for (const [path, args] of changes) {
    await run(path, args);
    expect(isPatch(client)).toBe(true);
    expect(lastText(client).length).toBeLessThan(250);
    expect(client.value(1)).toEqual(await fresh("list", { list: "a" }));
  }
});

test("a page of a list is patched too, with what is around it when that changes", async () => {
  await run("fill", { list: "a", count: 30, from: 0 });
  const size = { list: "a", size: 20 };
  const client = await watching("page", size);
  await run("put", { id: 25, list: "a", rank: 25, text: TEXT });
  expect(isPatch(client)).toBe(true);
  expect(lastText(client)).not.toContain("continueCursor");
  expect(client.value(1)).toEqual(await fresh("page", size));
  await run("put", { id: 100, list: "a", rank: 100, text: TEXT });
  expect(isPatch(client)).toBe(true);
  expect(lastText(client)).toContain('"continueCursor":"after 12"');
  expect(client.value(1)).toEqual(await fresh("page", size));
});

test("a client that returns with the hash of an earlier answer is sent what changed since", async () => {
  await run("fill", { list: "a", count: 20, from: 0 });
  const client = await watching("list", { list: "a" });
  const other = await watching("list", { list: "a" });
  const hash = lastHash(client);
  client.cut();
  await run("put", { id: 100, list: "a", rank: 100, text: TEXT });
  const back = await watching("list", { list: "a" }, hash);
  expect(isPatch(back)).toBe(true);
  expect(lastText(back)).toContain('"maps":[[1,');
  expect(lastHash(back)).toBe(lastHash(other));
  const unchanged = await watching("list", { list: "a" }, lastHash(other));
  expect(lastText(unchanged)).not.toContain('"answers"');
});

test("a client that shows two states of one list is sent the whole list", async () => {
  await run("fill", { list: "a", count: 20, from: 0 });
  const client = await watching("list", { list: "a" });
  const hash = lastHash(client);
  await run("put", { id: 100, list: "a", rank: 100, text: TEXT });
  client.subscribe(2, "rows:list", { list: "a" }, hash);
  await engine.settled();
  expect(lastText(client)).toContain('"value":[');
  expect(client.value(2)).toEqual(await fresh("list", { list: "a" }));
});

test("a list of 200,000 numbers is patched like any other", async () => {
  const numbers = query({
    args: z.object({ list: z.string() }),
    handler: async ({ db }, args) => {
      const found = await db.select({ rank: rows.rank }).from(rows).where(eq(rows.list, args.list));
      return [...Array.from({ length: 200_000 }, (_, i) => i), ...found.map(({ rank }) => rank)];
    },
  });
  const count = mutation({
    args: z.object({ rank: z.number() }),
    handler: async ({ db, scheduler }, { rank }) => {
      await db.insert(rows).values({ id: rank, list: "n", rank, text: "" });
      await scheduler.invalidate(numbers as never, { list: "n" } as never);
    },
  });
  engine.useFunctions({ rows: { numbers, count } }, schema);
  const client = await watching("numbers", { list: "n" });
  await run("count" as never, { rank: 1_000_000 });
  expect(lastText(client)).toMatch(/"splices":\[\[-1,0,1000000\]\]/);
});
