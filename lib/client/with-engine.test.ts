import { asc, eq } from "drizzle-orm";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { ClientOnLine } from "../../tests/support/client-on-line.ts";
import { DatabaseForTests } from "../../tests/support/databases/database-for-tests.ts";
import { patiently, pausesPass, turn } from "../../tests/support/pauses.ts";
import { createFunctions } from "../functions/define.ts";
import type { FunctionReference } from "../functions/reference.ts";
import { HandClock } from "../testing/hand-clock.ts";
import { World } from "../testing/world.ts";
import { ConvexError } from "../values/errors.ts";
import type { ConvexClient } from "./convex-client.ts";

const messages = pgTable("messages", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  channel: text().notNull(),
  text: text().notNull(),
});
const schema = { messages };
const { query, mutation } = createFunctions<typeof schema>();

const list = query({
  args: z.object({ channel: z.string(), limit: z.number().default(50) }),
  handler: async ({ db }, { channel, limit }) =>
    db.select().from(messages).where(eq(messages.channel, channel)).orderBy(asc(messages.id)).limit(limit),
});
const count = query({ handler: async ({ db }) => (await db.select().from(messages)).length });
const channels = query({
  handler: async ({ db }) => (await db.select().from(messages).orderBy(asc(messages.id))).map(({ channel }) => channel),
});
const who = query({ handler: async ({ auth }) => (await auth.getUserIdentity())?.subject ?? "anonymous" });
const send = mutation({
  args: z.object({ channel: z.string(), text: z.string() }),
  handler: async ({ db, scheduler }, { channel, text }) => {
    await db.insert(messages).values({ channel, text });
    await scheduler.invalidate(list, { channel });
    await scheduler.invalidate(count);
    if (text === "refused") throw new ConvexError({ code: "refused" });
    return text;
  },
});
const functions = { messages: { list, count, channels, send, who } };

type Row = { id: number; channel: string; text: string };
type List = FunctionReference<"query", "public", { channel: string; limit?: number }, Row[]>;
const LIST = "messages:list" as unknown as List;
const general = { channel: "general" };

describe("a client and a real engine", () => {
  const database = new DatabaseForTests(schema);
  let world: World;

  beforeEach(() => {
    world = new World({ functions, schema }, database.driver);
  });
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
    expect(world.clock.waiting).toBe(0);
    expect(world.clock.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("what one sends, the other sees; the sender sees no flicker and no double row", async () => {
    const [alice, bob] = [world.connect("alice"), world.connect("bob")];
    const [seenByAlice, seenByBob] = [texts(alice), texts(bob)];
    await world.settled();
    expect(await sendOptimistically(alice, "hi")).toBe("hi");
    expect(seenByAlice).toEqual(["", "hi", "hi"]);
    await world.settled();
    expect(seenByBob).toEqual(["", "hi"]);
    await expect(sendOptimistically(alice, "refused")).rejects.toMatchObject({
      kind: "application",
      data: { code: "refused" },
    });
    expect(seenByAlice).toEqual(["", "hi", "hi", "hi,refused", "hi"]);
  });

  test("forty mutations of a megabyte are each applied once and in order, with the line cut twice", async () => {
    await using alice = new ClientOnLine(world);
    const large = "x".repeat(1024 * 1024 - 1_000);
    const calls = Array.from({ length: 40 }, (_, n) =>
      alice.client.mutation("messages:send", { channel: `${n}`, text: large }),
    );
    let done = 0;
    for (const call of calls) void call.then(() => done++);
    for (const cutAfter of [7, 23]) {
      await pausesPass(world.clock, 1_000, () => done >= cutAfter);
      alice.line.cut();
    }
    await patiently(world.clock, 1_000, Promise.all(calls));
    const applied = await world.engine.call({ kind: "query", path: "messages:channels", args: {}, caller: null });
    expect(applied).toEqual({ ok: true, value: calls.map((_, n) => `${n}`) });
    expect(alice.network.pairs.length).toBe(3);
  });

  test("two queries move together", async () => {
    const alice = world.connect();
    const seen: string[] = [];
    alice.watchQueries({ list: { query: LIST, args: general }, count: { query: "messages:count" } }, (results) =>
      seen.push(`${results.list.data?.length} of ${results.count.data}`),
    );
    await world.settled();
    await alice.mutation("messages:send", { ...general, text: "a" });
    await alice.mutation("messages:send", { channel: "other", text: "b" });
    expect(seen).toEqual(["0 of 0", "1 of 1", "1 of 2"]);
  });

  test("two queries with equal parsed arguments share one live query, and each may end", async () => {
    const alice = world.connect();
    const plain = texts(alice);
    await world.settled();
    const explicit = texts(alice, { ...general, limit: 50 });
    await world.settled();
    await alice.mutation("messages:send", { ...general, text: "a" });
    expect([plain, explicit]).toEqual([
      ["", "a"],
      ["", "a"],
    ]);
  });

  test("a rendered page becomes live without a second run, and is not sent its results again", async () => {
    const { engine } = world;
    const write = (text: string) =>
      engine.call({ kind: "mutation", path: "messages:send", args: { ...general, text }, caller: null });
    await write("a");
    const preloaded = await engine.preload("messages:list", general, null);
    const runs = engine.counters.queryRuns;
    await using alice = new ClientOnLine(world);
    if (preloaded.ok) alice.client.sync.ingest(preloaded.value);
    const seen = texts(alice.client);
    expect(seen).toEqual(["a"]);
    await world.settled();
    expect(seen).toEqual(["a"]);
    expect(engine.counters.queryRuns).toBe(runs);
    const transitions = alice.heard("Transition");
    expect(transitions).toHaveLength(1);
    expect(JSON.stringify(transitions[0]).length).toBeLessThanOrEqual(60);
    await write("b");
    await world.settled();
    expect(seen).toEqual(["a", "a,b"]);
  });

  test("a mutation runs once and in order, wherever the connection is cut", async () => {
    for (let cutAfter = 1; cutAfter <= 14; cutAfter++) {
      const channel = `cut after ${cutAfter} messages`;
      await using alice = new ClientOnLine(world);
      const seen = texts(alice.client, { channel });
      const sent = watched(Promise.all(["a", "b", "c"].map((text) => sendOptimistically(alice.client, text, channel))));
      const first = alice.line;
      while (!sent.isOver) {
        if (first.said.length >= cutAfter) first.cut();
        if (alice.client.connectionState().state === "waiting") await world.advance(1_000);
        else await turn();
      }
      expect(await sent.promise).toEqual(["a", "b", "c"]);
      expect(seen.at(-1), channel).toBe("a,b,c");
      for (const shown of seen) expect(["", "a", "a,b", "a,b,c"]).toContain(shown);
    }
  });

  test("a restart of the server loses nothing and runs nothing twice", async () => {
    const alice = world.connect();
    const seen = texts(alice);
    await world.settled();
    await sendOptimistically(alice, "a");
    const later = sendOptimistically(alice, "b");
    await world.restart();
    const last = sendOptimistically(alice, "c");
    await world.advance(10_000);
    expect(await Promise.all([later, last])).toEqual(["b", "c"]);
    expect(seen.at(-1)).toBe("a,b,c");
  });

  test("another identity starts anew: no waiting mutation is sent under it, and it sees its own answers", async () => {
    await using page = new ClientOnLine(world, { subject: "alice" });
    const { client, network } = page;
    const seen: unknown[] = [];
    client.watchQuery("messages:who", {}, ({ data }) => seen.push(data));
    await world.settled();
    await client.mutation("messages:send", { ...general, text: "by alice" });
    page.caller = { subject: "bob" };
    network.isUp = false;
    network.cut();
    await world.settled();
    const unsent = client.mutation("messages:send", { ...general, text: "by alice" }).catch((error: unknown) => error);
    network.isUp = true;
    await world.advance(10_000);
    expect(await unsent).toMatchObject({ kind: "unavailable", reason: "identityChanged" });
    expect(seen).toEqual(["alice", undefined, "bob"]);
    expect(await client.query("messages:count")).toBe(1);
    await client.mutation("messages:send", { ...general, text: "by bob" });
    expect(await client.query("messages:count")).toBe(2);
  });

  test("when writes stop, every client shows what is stored, whatever was cut", async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const chance = new HandClock(seed);
      const pick = (n: number) => Math.floor(chance.random() * n);
      await using alice = new ClientOnLine(world);
      await using bob = new ClientOnLine(world);
      await using carol = new ClientOnLine(world);
      const people = [alice, bob, carol];
      const channels = ["general", "other"].map((name) => `${name} ${seed}`);
      const views = people.flatMap(({ client }) =>
        channels.map((channel) => ({ channel, seen: texts(client, { channel }) })),
      );
      const calls: Promise<unknown>[] = [];
      const sent = new Map<string, string[]>();
      for (let step = 0; step < 60; step++) {
        const who = pick(people.length);
        const what = pick(10);
        if (what < 6) {
          const channel = channels[pick(2)] ?? "";
          const text = `${seed}.${step}`;
          sent.set(`${who} ${channel}`, [...(sent.get(`${who} ${channel}`) ?? []), text]);
          calls.push(people[who]?.client.mutation("messages:send", { channel, text }) ?? Promise.resolve());
        } else if (what < 8) people[who]?.line.cut();
        else world.clock.advance(pick(500));
        if (pick(3) === 0) for (let i = 0; i < 5; i++) await turn();
      }
      const all = watched(Promise.all(calls));
      while (!all.isOver || people.some(({ client }) => client.connectionState().state !== "open")) {
        await world.advance(1_000);
      }
      // Queries that have taken long by this clock may wait for their turn.
      await world.advance(1_000);
      for (const { channel, seen } of views) {
        const rows = await database.run(`select text from messages where channel = '${channel}' order by id`);
        const stored = rows.map((row) => String(row.text));
        expect(seen.at(-1), `seed ${seed}`).toBe(stored.slice(0, 50).join());
        for (const view of seen)
          expect(`${stored.join()},`.startsWith(view && `${view},`), `${view} was never so`).toBe(true);
        for (const [by, texts] of sent) {
          if (by.endsWith(channel)) expect(stored.filter((text) => texts.includes(text))).toEqual(texts);
        }
      }
    }
  });
});

/** Everything the client shows of the list, as it changes. */
function texts(of: ConvexClient, args: { channel: string; limit?: number } = general): string[] {
  const seen: string[] = [];
  of.watchQuery(LIST, args, ({ data, error }) => seen.push(error?.kind ?? data?.map((row) => row.text).join() ?? "…"));
  return seen;
}

function sendOptimistically(by: ConvexClient, text: string, channel = "general"): Promise<unknown> {
  return by.mutation(
    "messages:send",
    { channel, text },
    {
      optimisticUpdate: (localStore) => {
        const rows = localStore.getQuery(LIST, { channel });
        if (rows) localStore.setQuery(LIST, { channel }, [...rows, { id: -1, channel, text }]);
      },
    },
  );
}

/** A promise that can be asked whether it has settled. */
function watched<T>(promise: Promise<T>): { readonly promise: Promise<T>; readonly isOver: boolean } {
  const watched = { promise, isOver: false };
  const end = () => {
    watched.isOver = true;
  };
  promise.then(end, end);
  return watched;
}
