import { asc, eq } from "drizzle-orm";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { describeWithPostgres } from "../../tests/support/databases/with-postgres.ts";
import { WireClient } from "../../tests/support/wire-client.ts";
import type { Driver } from "../database/driver/driver.ts";
import { createInternalTables } from "../database/internal/internal-tables.ts";
import { openPostgres } from "../database/postgres/postgres.ts";
import { createFunctions } from "../functions/define.ts";
import { createTables } from "../schema/create-tables.ts";
import { HandClock } from "../testing/hand-clock.ts";
import { createEngine, type Engine } from "./engine.ts";

const notes = pgTable("notes", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  topic: text().notNull(),
});
const schema = { notes };
const { query, mutation } = createFunctions<typeof schema>();

/** Holds runs of the slow query until it is opened. */
class Latch {
  readonly #arrived = Promise.withResolvers<void>();
  readonly #open = Promise.withResolvers<void>();

  async pass(): Promise<void> {
    this.#arrived.resolve();
    await this.#open.promise;
  }

  get arrived(): Promise<void> {
    return this.#arrived.promise;
  }

  open(): void {
    this.#open.resolve();
  }
}

/** While defined, each run of the slow query that begins waits for it. */
let latch: Latch | undefined;

const count = async (db: { select(): unknown }, topic: string) => {
  const rows = await (db as never as { $count(t: unknown, w: unknown): Promise<number> }).$count(
    notes,
    eq(notes.topic, topic),
  );
  return Number(rows);
};
const args = z.object({ topic: z.string() });
const fast = query({ args, handler: async ({ db }, { topic }) => count(db, topic) });
const slow = query({
  args,
  handler: async ({ db }, { topic }) => {
    const inTheWay = latch;
    const found = await count(db, topic);
    await inTheWay?.pass();
    return found;
  },
});
const ids = query({ handler: async ({ db }) => db.select().from(notes).orderBy(asc(notes.id)) });
const add = mutation({
  args,
  handler: async ({ db, scheduler }, { topic }) => {
    await db.insert(notes).values({ topic });
    for (const reader of [fast, slow]) await scheduler.invalidate(reader, { topic });
  },
});

await describeWithPostgres("a slow query", ({ url }) => {
  let driver: Driver;
  let clock: HandClock;
  let engine: Engine;
  let clients = 0;
  let seed = 0;

  beforeAll(async () => {
    driver = await openPostgres({ url, schema, log: new HandClock().log });
    await createInternalTables(driver);
    await createTables(driver, schema);
  });
  beforeEach(async () => {
    latch = undefined;
    // Another seed for each test: with equal random ids, one test would find the other's in the database.
    clock = new HandClock(++seed);
    engine = createEngine({ driver, environment: clock, development: true });
    engine.useFunctions({ notes: { fast, slow, ids, add } }, schema);
  });
  afterEach(async () => {
    latch?.open();
    await engine?.close();
    expect(clock?.waiting ?? 0).toBe(0);
  });
  afterAll(() => driver?.close());

  /** A client that watches these queries as 1, 2 …, all answered. */
  async function watching(...queries: [path: string, topic: string][]): Promise<WireClient> {
    const client = new WireClient(engine).connect((++clients).toString(16).padStart(32, "0"));
    client.say({
      type: "Subscribe",
      queries: queries.map(([path, topic], i) => ({ query: i + 1, path: `notes:${path}`, args: { topic } })),
    });
    await client.until(() => queries.every((_, i) => client.value(i + 1) !== undefined));
    return client;
  }

  const commit = (topic: string) => engine.call({ kind: "mutation", path: "notes:add", args: { topic }, caller: null });

  /** Lets the time pass after which a query is detached, once its run has begun. */
  async function leavesBatch(slowOne: Latch): Promise<void> {
    await slowOne.arrived;
    clock.advance(engine.limits.slowQueryMs);
  }

  test("delays only the clients that watch it; those get all of one state once it has finished", async () => {
    const topic = "together";
    const both = await watching(["fast", topic], ["slow", topic]);
    const quick = await watching(["fast", topic]);
    latch = new Latch();
    await commit(topic);
    await leavesBatch(latch);
    await quick.until(() => quick.value(1) === 1);
    expect(both.transitions).toHaveLength(1);

    latch.open();
    await engine.settled();
    expect([both.value(1), both.value(2)]).toEqual([1, 1]);
    expect(both.transitions).toHaveLength(2);
  });

  test("is told to all who have waited for it by one frame", async () => {
    const topic = "one frame";
    const waiting = [await watching(["slow", topic]), await watching(["slow", topic])];
    latch = new Latch();
    await commit(topic);
    await leavesBatch(latch);
    latch.open();
    await engine.settled();
    const [frame, ...others] = new Set(waiting.map(({ frames }) => frames.at(-1)));
    expect(frame?.text).toContain('"value":1');
    expect(others).toEqual([]);
  });

  test("that is invalidated faster than it runs still makes progress, and what is shown is never torn", async () => {
    const topic = "progress";
    const both = await watching(["fast", topic], ["slow", topic]);
    const quick = await watching(["fast", topic]);
    const first = new Latch();
    latch = first;
    await commit(topic);
    await leavesBatch(first);
    await quick.until(() => quick.value(1) === 1);
    // Its run is still the one at the first commit; the second commit makes it stale again.
    const second = new Latch();
    latch = second;
    await commit(topic);
    await quick.until(() => quick.value(1) === 2);
    expect(both.transitions).toHaveLength(1);

    first.open();
    await both.until(() => both.transitions.length === 2);
    expect([both.value(1), both.value(2)]).toEqual([1, 1]);
    second.open();
    await both.until(() => both.transitions.length === 3);
    expect([both.value(1), both.value(2)]).toEqual([2, 2]);
    const revisions = both.transitions.map(({ at }) => at);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
  });

  test("however many of them there are, leaves connections to mutations and to other queries", async () => {
    const inTheWay = new Latch();
    latch = inTheWay;
    const greedy = new WireClient(engine).connect((++clients).toString(16).padStart(32, "0"));
    const topics = Array.from({ length: 2 * driver.connections }, (_, i) => `greedy ${i}`);
    greedy.say({
      type: "Subscribe",
      queries: topics.map((topic, i) => ({ query: i + 1, path: "notes:slow", args: { topic } })),
    });
    await leavesBatch(inTheWay);
    const modest = await watching(["fast", "modest"]);
    await commit("modest");
    await modest.until(() => modest.value(1) === 1);
    expect(greedy.transitions).toEqual([]);

    latch = undefined;
    inTheWay.open();
    await greedy.until(() => topics.every((_, i) => greedy.value(i + 1) === 0));
    await engine.settled();
  });

  test("does not keep a client that stops watching it", async () => {
    const topic = "leaves";
    const both = await watching(["fast", topic], ["slow", topic]);
    latch = new Latch();
    await commit(topic);
    await leavesBatch(latch);
    both.say({ type: "Unsubscribe", queries: [2] });
    await both.until(() => both.value(1) === 1);
  });

  test("that was slow the last time gets a snapshot of its own: no other query waits behind it", async () => {
    const topic = "known";
    const both = await watching(["slow", topic], ["fast", topic]);
    const quick = await watching(["fast", topic]);
    latch = new Latch();
    await commit(topic);
    await leavesBatch(latch);
    await quick.until(() => quick.value(1) === 1);
    latch.open();
    await engine.settled();

    latch = new Latch();
    await commit(topic);
    // No time passes: the others do not wait to see whether it is slow.
    await quick.until(() => quick.value(1) === 2);
    latch.open();
    await engine.settled();
    expect([both.value(1), both.value(2)]).toEqual([2, 2]);
  });

  test("an answer asked for after a commit is not the one of a run that began before it", async () => {
    const topic = "asked";
    latch = new Latch();
    const before = engine.preload("notes:slow", { topic }, null);
    await latch.arrived;
    await commit(topic);
    const after = engine.preload("notes:slow", { topic }, null);
    latch.open();
    expect([await before, await after].map((outcome) => outcome.ok && outcome.value.text)).toEqual(["0", "1"]);
  });
});
