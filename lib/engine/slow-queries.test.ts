import { eq } from "drizzle-orm";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { DatabaseForTests } from "../../tests/support/databases/database-for-tests.ts";
import { describeOn } from "../../tests/support/databases/with-every-database.ts";
import { EngineScene } from "../../tests/support/engine-scene.ts";
import { Latch } from "../../tests/support/latch.ts";
import type { Driver } from "../database/driver/driver.ts";
import { createFunctions } from "../functions/define.ts";

const notes = pgTable("notes", { id: integer().primaryKey().generatedAlwaysAsIdentity(), topic: text().notNull() });
const schema = { notes };
const { query, mutation } = createFunctions<typeof schema>();

/** While defined, each run of the slow query that begins waits for it. */
let latch: Latch | undefined;

const args = z.object({ topic: z.string() });
/** How many notes there are on a topic. */
const fast = query({
  args,
  handler: async ({ db }, { topic }) => (await db.select().from(notes).where(eq(notes.topic, topic))).length,
});
const slow = query({
  args,
  handler: async ({ runQuery }, { topic }) => {
    const inTheWay = latch;
    const found = await runQuery(fast, { topic });
    await inTheWay?.pass();
    return found;
  },
});
const add = mutation({
  args,
  handler: async ({ db, scheduler }, { topic }) => {
    await db.insert(notes).values({ topic });
    for (const reader of [fast, slow]) await scheduler.invalidate(reader, { topic });
  },
});

await describeOn.PostgreSQL("a slow query", ({ open }) => {
  const database = new DatabaseForTests(schema, () => open(schema));
  let scene: EngineScene<Driver>;

  beforeEach(() => {
    latch = undefined;
    scene = new EngineScene({ notes: { fast, slow, add } }, { driver: database.driver, schema, development: true });
  });
  afterEach(async () => {
    latch?.open();
    await scene?.close();
  });

  const watching = (...paths: ("fast" | "slow")[]) =>
    scene.watching(...paths.map((path) => [`notes:${path}`, { topic: "tea" }] as const));
  const commit = () => scene.mutation("notes:add", { topic: "tea" });

  /** Lets the time pass after which a query is detached, once its run has begun. */
  async function leavesBatch(slowOne: Latch): Promise<void> {
    await slowOne.arrived;
    scene.clock.advance(scene.engine.limits.slowQueryMs);
  }

  test("delays only the clients that watch it; those get all of one state once it has finished", async () => {
    const both = await watching("fast", "slow");
    const quick = await watching("fast");
    latch = new Latch();
    await commit();
    await leavesBatch(latch);
    await quick.until(() => quick.value(1) === 1);
    expect(both.transitions).toHaveLength(1);

    latch.open();
    await scene.engine.settled();
    expect([both.value(1), both.value(2)]).toEqual([1, 1]);
    expect(both.transitions).toHaveLength(2);
  });

  test("is told to all who have waited for it by one frame", async () => {
    const waiting = [await watching("slow"), await watching("slow")];
    latch = new Latch();
    await commit();
    await leavesBatch(latch);
    latch.open();
    await scene.engine.settled();
    const [frame, ...others] = new Set(waiting.map(({ frames }) => frames.at(-1)));
    expect(frame?.text).toContain('"value":1');
    expect(others).toEqual([]);
  });

  test("that is invalidated faster than it runs still makes progress, and what is shown is never torn", async () => {
    const both = await watching("fast", "slow");
    const quick = await watching("fast");
    const first = new Latch();
    latch = first;
    await commit();
    await leavesBatch(first);
    await quick.until(() => quick.value(1) === 1);
    // Its run is still the one at the first commit; the second commit makes it stale again.
    const second = new Latch();
    latch = second;
    await commit();
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
    const topics = Array.from({ length: 2 * scene.driver.connections }, (_, i) => `topic ${i}`);
    const greedy = scene.asking(...topics.map((topic) => ["notes:slow", { topic }] as const));
    await leavesBatch(inTheWay);
    const modest = await watching("fast");
    await commit();
    await modest.until(() => modest.value(1) === 1);
    expect(greedy.transitions).toEqual([]);

    latch = undefined;
    inTheWay.open();
    await greedy.until(() => topics.every((_, i) => greedy.value(i + 1) === 0));
    await scene.engine.settled();
  });

  test("does not keep a client that stops watching it", async () => {
    const both = await watching("fast", "slow");
    latch = new Latch();
    await commit();
    await leavesBatch(latch);
    both.say({ type: "Unsubscribe", queries: [2] });
    await both.until(() => both.value(1) === 1);
  });

  test("that was slow the last time gets a snapshot of its own: no other query waits behind it", async () => {
    const both = await watching("slow", "fast");
    const quick = await watching("fast");
    latch = new Latch();
    await commit();
    await leavesBatch(latch);
    await quick.until(() => quick.value(1) === 1);
    latch.open();
    await scene.engine.settled();

    latch = new Latch();
    await commit();
    // No time passes: the others do not wait to see whether it is slow.
    await quick.until(() => quick.value(1) === 2);
    latch.open();
    await scene.engine.settled();
    expect([both.value(1), both.value(2)]).toEqual([2, 2]);
  });

  test("an answer asked for after a commit is not the one of a run that began before it", async () => {
    latch = new Latch();
    const before = scene.engine.preload("notes:slow", { topic: "tea" }, null);
    await latch.arrived;
    await commit();
    const after = scene.engine.preload("notes:slow", { topic: "tea" }, null);
    latch.open();
    expect([await before, await after].map((outcome) => outcome.ok && outcome.value.text)).toEqual(["0", "1"]);
  });
});
