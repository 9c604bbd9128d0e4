import { asc, count, eq, sql } from "drizzle-orm";
import * as mysql from "drizzle-orm/mysql-core";
import * as pg from "drizzle-orm/pg-core";
import * as sqlite from "drizzle-orm/sqlite-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { describeOnEveryDatabase, type TestDatabase } from "../../tests/support/databases/with-every-database.ts";
import { WireClient } from "../../tests/support/wire-client.ts";
import type { Dialect, Driver } from "../database/driver/driver.ts";
import { internalSql } from "../database/internal/internal-sql.ts";
import { createFunctions } from "../functions/define.ts";
import { createTables } from "../schema/create-tables.ts";
import { HandClock } from "../testing/hand-clock.ts";
import { ConvexError } from "../values/errors.ts";
import { createEngine, type Engine } from "./engine.ts";

/** The same table in each dialect. The functions are written once, with the types of PostgreSQL's. */
const pgMessages = pg.pgTable("messages", {
  id: pg.integer().primaryKey().generatedAlwaysAsIdentity(),
  channel: pg.text().notNull(),
  text: pg.text().notNull(),
});
const tables: Readonly<Record<Dialect, typeof pgMessages>> = {
  pg: pgMessages,
  sqlite: sqlite.sqliteTable("messages", {
    id: sqlite.integer().primaryKey({ autoIncrement: true }),
    channel: sqlite.text().notNull(),
    text: sqlite.text().notNull(),
  }) as never,
  mysql: mysql.mysqlTable("messages", {
    id: mysql.int().autoincrement().primaryKey(),
    channel: mysql.varchar({ length: 100 }).notNull(),
    text: mysql.text().notNull(),
  }) as never,
};

/** How a query's attempt to write is refused. */
const refusedWrite = /read-only|readonly|READ ONLY/;

function define(dialect: Dialect) {
  const messages = tables[dialect];
  const schema = { messages };
  const { query, mutation, action, internalMutation } = createFunctions<typeof schema>();

  const list = query({
    args: z.object({ channel: z.string(), limit: z.number().default(50) }),
    handler: async ({ db }, { channel, limit }) =>
      db.select().from(messages).where(eq(messages.channel, channel)).orderBy(asc(messages.id)).limit(limit),
  });
  const send = mutation({
    args: z.object({ channel: z.string(), text: z.string().min(1) }),
    handler: async ({ db, scheduler }, { channel, text }) => {
      await db.insert(messages).values({ channel, text });
      await scheduler.invalidate(list, { channel });
      const [sent] = await db.select({ inChannel: count() }).from(messages).where(eq(messages.channel, channel));
      return sent?.inChannel;
    },
  });
  const sendAndFail = mutation({
    args: z.object({ channel: z.string() }),
    handler: async ({ db, scheduler }, { channel }) => {
      await db.insert(messages).values({ channel, text: "never" });
      await scheduler.invalidate(list, { channel });
      throw new ConvexError({ code: "no" });
    },
  });
  const sendTwiceOneFails = mutation({
    args: z.object({ channel: z.string() }),
    handler: async ({ runMutation }, { channel }) => {
      await runMutation(send, { channel, text: "kept" });
      await runMutation(sendAndFail, { channel: "other" }).catch(() => {});
    },
  });
  const sendSilently = mutation({
    args: z.object({ channel: z.string() }),
    handler: async ({ db }, { channel }) => {
      await db.insert(messages).values({ channel, text: "psst" });
    },
  });
  const announceWrongly = mutation({
    handler: async ({ db, scheduler }) => {
      await db.insert(messages).values({ channel: "a", text: "never" });
      await scheduler.invalidate(list, { chanel: "a" } as never);
    },
  });
  const chance = query({ handler: async () => Math.random() });
  const countUp = mutation({
    handler: async ({ db, scheduler }) => {
      const [row] = await db.select().from(messages).where(eq(messages.channel, "counter"));
      await db
        .update(messages)
        .set({ text: String(Number(row?.text) + 1) })
        .where(eq(messages.channel, "counter"));
      await scheduler.invalidate(list, { channel: "counter" });
    },
  });
  const whoAmI = query({ handler: async ({ auth }) => (await auth.getUserIdentity())?.subject ?? "anonymous" });
  const writing = query({
    handler: async ({ db }) => {
      await (db as never as { insert(t: unknown): { values(v: unknown): Promise<void> } })
        .insert(messages)
        .values({ channel: "a", text: "b" });
    },
  });
  const broken = query({ handler: async ({ db }) => db.select({ one: sql`1` }).from(sql`nowhere`) });
  const outer = query({
    args: z.object({ channel: z.string() }),
    handler: async ({ runQuery }, { channel }) => (await runQuery(list, { channel })).length,
  });
  const relay = action({
    args: z.object({ channel: z.string() }),
    handler: async ({ runMutation, runQuery }, { channel }) => {
      await runMutation(send, { channel, text: "relayed" });
      return (await runQuery(list, { channel })).length;
    },
  });
  const secret = internalMutation({ handler: async () => "done" });

  const functions = {
    messages: {
      list,
      send,
      sendAndFail,
      sendTwiceOneFails,
      sendSilently,
      announceWrongly,
      chance,
      countUp,
      writing,
      broken,
      outer,
      relay,
      secret,
    },
    users: { whoAmI },
  };

  return { schema, functions, query, mutation, list };
}

const CLIENT_ID = "0123456789abcdef0123456789abcdef";
const OTHER_CLIENT = "fedcba9876543210fedcba9876543210";

/** The tests that every database must pass. */
function behavesAsEngine(database: TestDatabase): void {
  const { schema, functions, query, mutation, list } = define(database.dialect);
  let engine: Engine;
  let clock: HandClock;
  let driver: Driver;

  const own = async (sql: string) => {
    const connection = await driver.connect();
    await connection.begin("write");
    await connection.execute(sql);
    await connection.commit();
    connection.release();
  };

  beforeAll(async () => {
    driver = await database.open(schema);
    await createTables(driver, schema);
  });

  beforeEach(async () => {
    await own("delete from messages");
    await own(`delete from ${internalSql[database.dialect].own("sessions")}`);
    clock = new HandClock();
    engine = createEngine({ driver, environment: clock, development: true });
    engine.useFunctions(functions, schema);
  });

  afterEach(async () => {
    await engine?.close();
    expect(clock?.waiting ?? 0).toBe(0);
  });

  afterAll(() => driver?.close());

  const connect = (clientId = CLIENT_ID, subject?: string) =>
    new WireClient(engine, subject === undefined ? null : { subject }).connect(clientId);
  const texts = (rows: unknown) => (rows as { text: string }[]).map((row) => row.text);

  test("a committed mutation reaches every subscriber of what it touched, with one run and one serialisation", async () => {
    const clients = Array.from({ length: 20 }, (_, i) => connect(i.toString(16).padStart(32, "0")));
    for (const client of clients) client.subscribe(1, "messages:list", { channel: "a" });
    const bystander = connect(OTHER_CLIENT);
    bystander.subscribe(1, "messages:list", { channel: "b" });
    await engine.settled();
    const before = { ...engine.counters };
    expect(before.queryRuns).toBe(2);

    await engine.call({ kind: "mutation", path: "messages:send", args: { channel: "a", text: "hi" }, caller: null });
    await engine.settled();

    expect(engine.counters.queryRuns - before.queryRuns).toBe(1);
    expect(engine.counters.serialisations - before.serialisations).toBe(1);
    expect(engine.counters.sends - before.sends).toBe(20);
    for (const client of clients) expect(texts(client.value(1))).toEqual(["hi"]);
    expect(new Set(clients.map((client) => client.frames.at(-1))).size).toBe(1);
    expect(bystander.transitions).toHaveLength(1);
  });

  test("clients that connect with the same queries are greeted and answered by the same frames", async () => {
    const known = connect();
    known.subscribe(1, "messages:list", { channel: "a" });
    await engine.settled();
    const others = [0, 1].map((i) => {
      const client = connect(String(i).repeat(32));
      client.subscribe(1, "messages:list", { channel: "a" });
      return client;
    });
    await engine.settled();
    for (const { frames } of others) {
      expect(frames).toHaveLength(2);
      frames.forEach((frame, i) => {
        expect(frame).toBe(known.frames[i]);
      });
    }
    const other = connect("9".repeat(32));
    other.subscribe(7, "messages:list", { channel: "a" });
    await engine.settled();
    expect(other.frames.at(-1)).not.toBe(known.frames.at(-1));
    expect(texts(other.value(7))).toEqual([]);
  });

  test("own writes: the reply and the reflecting transition both come, and the transition holds the row", async () => {
    const client = connect();
    client.subscribe(1, "messages:list", { channel: "a" });
    client.mutate(1, "messages:send", { channel: "a", text: "one" });
    client.mutate(2, "messages:send", { channel: "a", text: "two" });
    await client.until(() => client.transitions.flatMap((t) => t.reflected ?? []).includes(2));
    await client.until(() => client.ofType("MutationSucceeded").length === 2);
    expect(texts(client.value(1))).toEqual(["one", "two"]);
    expect(client.ofType("MutationSucceeded").map((m) => [m.request, m.value])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test("a mutation that commits while a batch runs, and changes nothing that its client watches, is reflected all the same", async () => {
    const client = connect();
    client.subscribe(1, "messages:list", { channel: "a" });
    await engine.settled();
    for (let n = 1; n <= 20; n++) client.mutate(n, "messages:send", { channel: n % 2 ? "a" : "elsewhere", text: "x" });
    await client.until(() => client.transitions.flatMap((t) => t.reflected ?? []).includes(20));
    const reflected = client.transitions.flatMap((t) => t.reflected ?? []);
    expect(reflected).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  test("a mutation that fails leaves nothing: no row, no invalidation, but its error", async () => {
    const client = connect();
    client.subscribe(1, "messages:list", { channel: "a" });
    await engine.settled();
    client.mutate(1, "messages:sendAndFail", { channel: "a" });
    await client.until(() => client.ofType("MutationFailed").length === 1);
    await engine.settled();
    expect(client.ofType("MutationFailed")[0]?.error).toMatchObject({ kind: "application", data: { code: "no" } });
    expect(engine.counters.queryRuns).toBe(1);
    expect(client.value(1)).toEqual([]);
  });

  test("a mutation that fails in a savepoint and is caught takes its writes and its invalidations with it", async () => {
    const client = connect();
    client.subscribe(1, "messages:list", { channel: "a" });
    client.subscribe(2, "messages:list", { channel: "other" });
    await engine.settled();
    client.mutate(1, "messages:sendTwiceOneFails", { channel: "a" });
    await client.until(() => client.ofType("MutationSucceeded").length === 1);
    await engine.settled();
    expect(texts(client.value(1))).toEqual(["kept"]);
    expect(client.value(2)).toEqual([]);
    expect(engine.counters.queryRuns).toBe(3);
  });

  test("an equal result is not sent again", async () => {
    const client = connect();
    client.subscribe(1, "messages:list", { channel: "a", limit: 1 });
    await engine.settled();
    for (const text of ["first", "second"]) {
      await engine.call({ kind: "mutation", path: "messages:send", args: { channel: "a", text }, caller: null });
      await engine.settled();
    }
    expect(engine.counters.queryRuns).toBe(3);
    expect(client.transitions).toHaveLength(2);
  });

  test("a mutation resent after its reply was lost is not run again, and its reply is told", async () => {
    const lost = connect();
    lost.mutate(1, "messages:send", { channel: "a", text: "once" });
    await lost.until(() => lost.ofType("MutationSucceeded").length === 1);
    lost.cut();

    const back = connect();
    back.mutate(1, "messages:send", { channel: "a", text: "once" });
    back.subscribe(1, "messages:list", { channel: "a" });
    await back.until(() => back.ofType("MutationSucceeded").length === 1 && back.value(1) !== undefined);
    expect(back.ofType("MutationSucceeded")[0]?.value).toBe(1);
    expect(texts(back.value(1))).toEqual(["once"]);
  });

  test("a mutation resent to a server that has been started anew is not run again", async () => {
    const lost = connect();
    lost.mutate(1, "messages:send", { channel: "a", text: "once" });
    lost.mutate(2, "messages:sendAndFail", { channel: "a" });
    await lost.until(() => lost.ofType("MutationFailed").length === 1);
    await engine.close();
    engine = createEngine({ driver, environment: clock, development: true });
    engine.useFunctions(functions, schema);

    const back = connect(CLIENT_ID);
    back.mutate(1, "messages:send", { channel: "a", text: "once" });
    back.mutate(2, "messages:sendAndFail", { channel: "a" });
    back.mutate(3, "messages:send", { channel: "a", text: "next" });
    await back.until(() => back.ofType("MutationSucceeded").length === 2);
    back.subscribe(1, "messages:list", { channel: "a" });
    await back.until(() => back.value(1) !== undefined);
    expect(texts(back.value(1))).toEqual(["once", "next"]);
    expect(back.ofType("MutationFailed")[0]?.error).toMatchObject({ kind: "application", data: { code: "no" } });
  });

  test("a client's first outcome is told to the identity that it belongs to, and to no other", async () => {
    const alice = connect(CLIENT_ID, "alice");
    alice.mutate(1, "messages:send", { channel: "a", text: "of alice" });
    await alice.until(() => alice.ofType("MutationSucceeded").length === 1);
    for (const subject of ["bob", undefined]) {
      const thief = connect(CLIENT_ID, subject);
      thief.mutate(1, "messages:send", { channel: "a", text: "of alice" });
      thief.mutate(2, "messages:send", { channel: "a", text: "of a thief" });
      const refused = () => thief.ofType("MutationFailed");
      await thief.until(() => refused().length + thief.ofType("MutationSucceeded").length === 2);
      expect(thief.ofType("MutationSucceeded")).toEqual([]);
      for (const { error } of refused()) {
        expect(error).toMatchObject({ kind: "unavailable", message: expect.stringContaining("another identity") });
      }
      // The first has run, as alice; the second has not.
      expect(refused().map(({ request, error }) => [request, "reason" in error && error.reason])).toEqual([
        [1, "outcomeUnknown"],
        [2, "identityChanged"],
      ]);
    }
    const rows = await engine.call({ kind: "query", path: "messages:list", args: { channel: "a" }, caller: null });
    expect(rows).toMatchObject({ ok: true, value: [{ text: "of alice" }] });
  });

  test("a client that goes to another server and comes back goes on where it is", async () => {
    const other = createEngine({ driver, environment: clock, development: true });
    other.useFunctions(functions, schema);
    try {
      const numbers: unknown[] = [];
      // No socket is closed, as if the server had not noticed its end yet.
      for (const [i, server] of [engine, other, engine].entries()) {
        const client = new WireClient(server).connect(CLIENT_ID);
        client.mutate(i + 1, "messages:send", { channel: "a", text: `${i + 1}` });
        const ended = () => [...client.ofType("MutationSucceeded"), ...client.ofType("MutationFailed")][0];
        await client.until(() => ended() !== undefined);
        numbers.push(ended());
      }
      expect(numbers).toMatchObject([1, 2, 3].map((value) => ({ type: "MutationSucceeded", value })));
    } finally {
      await other.close();
    }
  });

  test("after a reconnect, undecided mutations found in the snapshot are reflected by the very first answers", async () => {
    const lost = connect();
    lost.mutate(1, "messages:send", { channel: "a", text: "landed" });
    await lost.until(() => lost.ofType("MutationSucceeded").length === 1);
    lost.cut();

    const back = new WireClient(engine).connect(CLIENT_ID, { undecided: [1, 2] });
    back.subscribe(1, "messages:list", { channel: "a" });
    await back.until(() => back.transitions.length === 1);
    expect(back.transitions[0]?.reflected).toEqual([1]);
    expect(texts(back.value(1))).toEqual(["landed"]);
  });

  test("a page's answer is handed over: no second run, no second copy", async () => {
    await engine.call({ kind: "mutation", path: "messages:send", args: { channel: "a", text: "hi" }, caller: null });
    const preloaded = await engine.preload("messages:list", { channel: "a" }, null);
    if (!preloaded.ok) throw new Error("not preloaded");
    expect(engine.counters.queryRuns).toBe(1);

    const client = connect();
    client.subscribe(1, "messages:list", { channel: "a" }, preloaded.value.hash);
    await client.until(() => client.transitions.length === 1);
    expect(engine.counters.queryRuns).toBe(1);
    expect(client.texts.at(-1)).toBe(`{"type":"Transition","at":${preloaded.value.at},"maps":[[1,1]]}`);
    expect(client.texts.at(-1)?.length).toBeLessThanOrEqual(60);
  });

  test("a write between the render and the subscription is never missed", async () => {
    const preloaded = await engine.preload("messages:list", { channel: "a" }, null);
    if (!preloaded.ok) throw new Error("not preloaded");
    await engine.call({
      kind: "mutation",
      path: "messages:send",
      args: { channel: "a", text: "late" },
      caller: null,
    });
    const client = connect();
    client.subscribe(1, "messages:list", { channel: "a" }, preloaded.value.hash);
    await client.until(() => client.value(1) !== undefined);
    expect(texts(client.value(1))).toEqual(["late"]);
  });

  test("a lease ends after its time, and a live query without watcher, waiter or lease is dropped", async () => {
    await engine.preload("messages:list", { channel: "a" }, null);
    clock.advance(engine.limits.preloadLeaseMs);
    await engine.preload("messages:list", { channel: "a" }, null);
    expect(engine.counters.queryRuns).toBe(2);
    clock.advance(engine.limits.preloadLeaseMs);
  });

  test("a preload of a query that is live is served from the live result", async () => {
    const client = connect();
    client.subscribe(1, "messages:list", { channel: "a" });
    await engine.settled();
    await engine.preload("messages:list", { channel: "a" }, null);
    expect(engine.counters.queryRuns).toBe(1);
    await engine.call({ kind: "mutation", path: "messages:send", args: { channel: "a", text: "x" }, caller: null });
    const after = await engine.preload("messages:list", { channel: "a" }, null);
    expect(after.ok && JSON.parse(after.value.text)).toHaveLength(1);
    expect(engine.counters.queryRuns).toBe(2);
    clock.advance(engine.limits.preloadLeaseMs);
  });

  test("arguments are shared after parsing: a default given and a default left out are one live query", async () => {
    const client = connect();
    client.subscribe(1, "messages:list", { channel: "a" });
    client.subscribe(2, "messages:list", { channel: "a", limit: 50 });
    await engine.settled();
    expect(engine.counters.queryRuns).toBe(1);
    await engine.call({ kind: "mutation", path: "messages:send", args: { channel: "a", text: "x" }, caller: null });
    await engine.settled();
    expect(engine.counters.queryRuns).toBe(2);
    expect(texts(client.value(1))).toEqual(["x"]);
    expect(texts(client.value(2))).toEqual(["x"]);
  });

  test("a query that asks who is calling is run for each caller, and no caller gets another's answer", async () => {
    const alice = connect(CLIENT_ID, "alice");
    const bob = connect(OTHER_CLIENT, "bob");
    const anonymous = connect("00000000000000000000000000000001");
    for (const client of [alice, bob, anonymous]) client.subscribe(1, "users:whoAmI");
    await engine.settled();
    expect([alice, bob, anonymous].map((client) => client.value(1))).toEqual(["alice", "bob", "anonymous"]);
    expect(JSON.stringify(bob.received)).not.toContain("alice");
    const preloaded = await engine.preload("users:whoAmI", {}, { subject: "carol" });
    expect(preloaded.ok && preloaded.value.text).toBe('"carol"');
    clock.advance(engine.limits.preloadLeaseMs);
  });

  test("a write inside a query is refused", async () => {
    const outcome = await engine.call({ kind: "query", path: "messages:writing", args: {}, caller: null });
    expect(outcome).toMatchObject({
      ok: false,
      error: { kind: "internal", message: expect.stringMatching(refusedWrite) },
    });
  });

  test("a query whose statement fails is an error answer, and the others of its batch are answered all the same", async () => {
    const client = connect();
    client.say({
      type: "Subscribe",
      queries: [
        { query: 1, path: "messages:broken", args: {} },
        { query: 2, path: "messages:list", args: { channel: "a" } },
      ],
    });
    await client.until(() => client.value(2) !== undefined);
    expect(client.value(1)).toMatchObject({
      kind: "internal",
      message: expect.stringContaining("nowhere"),
    });
    expect(client.value(2)).toEqual([]);
  });

  test("a query calls another in its own snapshot", async () => {
    await engine.call({ kind: "mutation", path: "messages:send", args: { channel: "a", text: "x" }, caller: null });
    const outcome = await engine.call({
      kind: "query",
      path: "messages:outer",
      args: { channel: "a" },
      caller: null,
    });
    expect(outcome).toEqual({ ok: true, value: 1 });
  });

  test("an action calls mutations and queries, each in a transaction of its own", async () => {
    const client = connect();
    client.subscribe(1, "messages:list", { channel: "a" });
    client.say({ type: "Act", request: 1, path: "messages:relay", args: { channel: "a" } });
    await client.until(() => client.ofType("ActionSucceeded").length === 1);
    await engine.settled();
    expect(client.ofType("ActionSucceeded")[0]?.value).toBe(1);
    expect(texts(client.value(1))).toEqual(["relayed"]);
  });

  test("mutations that all change the same row run one after the other in effect: none is lost", async () => {
    await own("insert into messages (channel, text) values ('counter', '0')");
    const clients = Array.from({ length: 8 }, (_, i) => connect((i + 1).toString(16).padStart(32, "0")));
    for (const client of clients) for (const n of [1, 2, 3]) client.mutate(n, "messages:countUp");
    // A conflict is tried again after a pause of up to 100 ms: that much time may pass, but no function's time limit.
    while (clients.some((client) => client.ofType("MutationSucceeded").length < 3)) {
      if ((clock.nextDue ?? 101) <= 100) clock.advance(clock.nextDue ?? 0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const counter = await engine.call({
      kind: "query",
      path: "messages:list",
      args: { channel: "counter" },
      caller: null,
    });
    expect(counter).toMatchObject({ ok: true, value: [{ text: "24" }] });
  });

  test("in development, a commit that changed a live query without announcing it is named, with the query", async () => {
    const client = connect();
    client.subscribe(1, "messages:list", { channel: "a" });
    client.subscribe(2, "messages:list", { channel: "b" });
    client.subscribe(3, "messages:chance");
    await engine.settled();
    client.mutate(1, "messages:sendSilently", { channel: "a" });
    await engine.settled();
    const runs = engine.counters.queryRuns;
    clock.advance(300);
    await engine.settled();

    const said = 'messages:sendSilently has changed what messages:list({"channel":"a","limit":50}) answers';
    expect(client.ofType("Notice").map(({ message }) => message)).toEqual([expect.stringContaining(said)]);
    expect(clock.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    // The view stays as production would leave it, and the extra runs are not counted.
    expect(client.value(1)).toEqual([]);
    expect(engine.counters.queryRuns).toBe(runs);

    client.mutate(2, "messages:sendSilently", { channel: "a" });
    await engine.settled();
    clock.advance(300);
    await engine.settled();
    expect(client.ofType("Notice")).toHaveLength(1);
  });

  test("a notice that is kept is sent to each client that connects, until it is taken back", async () => {
    const open = connect();
    engine.keepNotice("The schema was refused.");
    const opened = connect(OTHER_CLIENT);
    expect(open.ofType("Notice")).toEqual([]);
    expect(opened.ofType("Notice").map(({ message }) => message)).toEqual(["The schema was refused."]);

    engine.keepNotice(undefined);
    expect(connect("3".repeat(32)).ofType("Notice")).toEqual([]);
  });

  test("what is wrong with an announcement is its author's affair, not the caller's, and rolls back", async () => {
    const outcome = await engine.call({
      kind: "mutation",
      path: "messages:announceWrongly",
      args: {},
      caller: null,
    });
    expect(outcome).toMatchObject({
      ok: false,
      error: { kind: "internal", message: expect.stringContaining("chanel") },
    });
    const rows = await engine.call({ kind: "query", path: "messages:list", args: { channel: "a" }, caller: null });
    expect(rows).toEqual({ ok: true, value: [] });
  });

  test("what a mutation announces is not named, and in production nothing is looked for", async () => {
    const client = connect();
    client.subscribe(1, "messages:list", { channel: "a" });
    client.mutate(1, "messages:send", { channel: "a", text: "announced" });
    await engine.settled();
    clock.advance(300);
    await engine.settled();
    expect(client.ofType("Notice")).toEqual([]);

    await engine.close();
    engine = createEngine({ driver, environment: clock, development: false });
    engine.useFunctions(functions, schema);
    const other = connect(OTHER_CLIENT);
    other.subscribe(1, "messages:list", { channel: "a" });
    other.mutate(1, "messages:sendSilently", { channel: "a" });
    await engine.settled();
    clock.advance(300);
    await engine.settled();
    expect(engine.counters.checkRuns).toBe(0);
  });

  test("what does not exist, is internal or does not parse is refused to the caller, with its reason", async () => {
    const client = connect();
    client.subscribe(1, "messages:nothing");
    client.subscribe(2, "messages:list", { channel: 5 });
    client.subscribe(3, "messages:send", { channel: "a", text: "" });
    client.mutate(1, "messages:secret");
    await client.until(() => client.ofType("MutationFailed").length === 1);
    await engine.settled();
    const refused = client.transitions.flatMap((t) => t.refused ?? []);
    expect(refused.map(([query, error]) => [query, error.kind])).toEqual([
      [1, "badRequest"],
      [2, "badRequest"],
      [3, "badRequest"],
    ]);
    expect(client.ofType("MutationFailed")[0]?.error.kind).toBe("badRequest");
  });

  test("a mutation that runs while the functions are replaced ends as the function it was", async () => {
    const sending = engine.call({
      kind: "mutation",
      path: "messages:send",
      args: { channel: "a", text: "x" },
      caller: null,
    });
    const other = mutation({ handler: async () => "other" });
    const otherList = query({ args: z.object({ channel: z.string() }), handler: async () => [] });
    engine.useFunctions({ messages: { list: otherList, send: other } }, schema);
    expect(await sending).toEqual({ ok: true, value: 1 });
  });

  test("new functions are served to connected clients: a changed answer is sent, an equal one is not", async () => {
    const client = connect();
    client.subscribe(1, "messages:list", { channel: "a" });
    client.subscribe(2, "users:whoAmI");
    await engine.settled();
    const shouting = query({ handler: async () => "ANONYMOUS" });
    engine.useFunctions({ ...functions, users: { whoAmI: shouting } }, schema);
    await engine.settled();
    expect(client.value(2)).toBe("ANONYMOUS");
    const last = client.transitions.at(-1);
    expect(last?.answers).toHaveLength(1);
    expect(last?.maps).toHaveLength(2);

    engine.useFunctions({ messages: { list } }, schema);
    await engine.settled();
    expect(client.transitions.at(-1)?.refused?.[0]?.[0]).toBe(2);
    engine.useFunctions(functions, schema);
    await engine.settled();
    expect(client.value(2)).toBe("anonymous");
  });

  test.each([
    ["no JSON", "{", 4400],
    ["no known message", '{"type":"Nope"}', 4400],
    ["unknown fields", '{"type":"Ping","x":1}', 4400],
    ["a second Connect", `{"type":"Connect","protocol":2,"clientId":"${CLIENT_ID}"}`, 4400],
    ["nested too deeply", `{"type":"Ping","a":${"[".repeat(500)}${"]".repeat(500)}}`, 4413],
    ["a message too large", `"${"x".repeat(1024 * 1024)}"`, 4413],
  ])("a client that sends %s is told so and disconnected; others are not affected", async (_what, text, code) => {
    const client = connect();
    const other = connect(OTHER_CLIENT);
    client.sayText(text);
    expect(client.closedWith?.code).toBe(code);
    other.subscribe(1, "messages:list", { channel: "a" });
    await other.until(() => other.value(1) !== undefined);
  });

  test("a client that speaks another version, or nothing, or before Connect, is disconnected", () => {
    const other = new WireClient(engine);
    other.say({ type: "Connect", protocol: 3, clientId: CLIENT_ID });
    expect(other.closedWith?.code).toBe(4426);
    const eager = new WireClient(engine);
    eager.subscribe(1, "messages:list");
    expect(eager.closedWith?.code).toBe(4400);
    const mute = new WireClient(engine);
    clock.advance(engine.limits.handshakeTimeoutMs);
    expect(mute.closedWith?.code).toBe(4408);
  });

  test("a silent client is sent a Ping, then disconnected; one that answers stays", () => {
    const silent = connect();
    clock.advance(engine.limits.pingIntervalMs);
    expect(silent.ofType("Ping")).toHaveLength(1);
    clock.advance(engine.limits.silenceTimeoutMs);
    expect(silent.closedWith?.code).toBe(4440);
    const alive = connect(OTHER_CLIENT);
    for (let i = 0; i < 10; i++) {
      clock.advance(engine.limits.pingIntervalMs);
      alive.say({ type: "Pong" });
    }
    expect(alive.closedWith).toBeUndefined();
  });

  test("a jump of the clock disconnects no client that answers", () => {
    const client = connect();
    clock.jump(3_600_000);
    clock.advance(engine.limits.pingIntervalMs);
    expect(client.closedWith).toBeUndefined();
    expect(client.ofType("Ping")).toHaveLength(1);
    client.say({ type: "Pong" });
    clock.advance(engine.limits.silenceTimeoutMs - engine.limits.pingIntervalMs);
    expect(client.closedWith).toBeUndefined();
  });

  test("a client that reads too slowly misses states, not the last one", async () => {
    const slow = connect();
    slow.subscribe(1, "messages:list", { channel: "a" });
    await engine.settled();
    slow.bufferedAmount = 2 * 1024 * 1024;
    for (const text of ["1", "2", "3"]) {
      await engine.call({ kind: "mutation", path: "messages:send", args: { channel: "a", text }, caller: null });
      await engine.settled();
    }
    expect(slow.transitions).toHaveLength(1);
    slow.bufferedAmount = 0;
    clock.advance(100);
    await engine.settled();
    expect(slow.transitions).toHaveLength(2);
    expect(texts(slow.value(1))).toEqual(["1", "2", "3"]);
  });

  test("a second socket of one client id takes over from the first", () => {
    const first = connect();
    const second = connect();
    expect(first.closedWith?.code).toBe(4409);
    expect(second.closedWith).toBeUndefined();
  });

  test("mutations of a client id that belongs to another identity are not run", async () => {
    const client = new WireClient(engine, { subject: "bob" });
    client.connect(CLIENT_ID, { identity: "alice's fingerprint", undecided: [1] });
    for (const n of [1, 2]) client.mutate(n, "messages:send", { channel: "a", text: "as bob" });
    expect(client.ofType("MutationFailed")).toMatchObject([
      { request: 1, error: { kind: "unavailable", reason: "outcomeUnknown" } },
      { request: 2, error: { kind: "unavailable", reason: "identityChanged" } },
    ]);
    const rows = await engine.call({ kind: "query", path: "messages:list", args: { channel: "a" }, caller: null });
    expect(rows).toEqual({ ok: true, value: [] });
  });

  test("in production an internal error leaves nothing but its incident id", async () => {
    await engine.close();
    engine = createEngine({ driver, environment: clock, development: false });
    engine.useFunctions(functions, schema);
    const outcome = await engine.call({ kind: "query", path: "messages:broken", args: {}, caller: null });
    expect(outcome).toEqual({ ok: false, error: { kind: "internal", incident: expect.any(String) } });
    expect(clock.lines.at(-1)?.about).toMatchObject({
      incident: (outcome as { error: { incident: string } }).error.incident,
    });
  });
}

await describeOnEveryDatabase("an engine", behavesAsEngine);
