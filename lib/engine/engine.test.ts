import { asc, count, eq, sql } from "drizzle-orm";
import * as mysql from "drizzle-orm/mysql-core";
import * as pg from "drizzle-orm/pg-core";
import * as sqlite from "drizzle-orm/sqlite-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { DatabaseForTests } from "../../tests/support/databases/database-for-tests.ts";
import { describeOnEveryDatabase, type TestDatabase } from "../../tests/support/databases/with-every-database.ts";
import { EngineScene } from "../../tests/support/engine-scene.ts";
import { WireClient } from "../../tests/support/wire-client.ts";
import type { Dialect, Driver } from "../database/driver/driver.ts";
import { createFunctions } from "../functions/define.ts";
import { PROTOCOL_VERSION } from "../protocol/version.ts";
import type { HandClock } from "../testing/hand-clock.ts";
import { ConvexError } from "../values/errors.ts";
import type { Engine } from "./engine.ts";
import type { FunctionModules } from "./run/registry.ts";

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
const { query, mutation, action, internalMutation } = createFunctions<{ messages: typeof pgMessages }>();
const inChannel = z.object({ channel: z.string() });
const inA = { channel: "a" };
const CLIENT_ID = "0123456789abcdef0123456789abcdef";

/** The tests that every database must pass. */
function behavesAsEngine({ dialect, open }: TestDatabase): void {
  const messages = tables[dialect];
  const schema = { messages };
  const list = query({
    args: inChannel.extend({ limit: z.number().default(50) }),
    handler: async ({ db }, { channel, limit }) =>
      db.select().from(messages).where(eq(messages.channel, channel)).orderBy(asc(messages.id)).limit(limit),
  });
  const send = mutation({
    args: inChannel.extend({ text: z.string().min(1) }),
    handler: async ({ db, scheduler }, { channel, text }) => {
      await db.insert(messages).values({ channel, text });
      await scheduler.invalidate(list, { channel });
      const [sent] = await db.select({ inChannel: count() }).from(messages).where(eq(messages.channel, channel));
      return sent?.inChannel;
    },
  });
  const sendAndFail = mutation({
    args: inChannel,
    handler: async ({ db, scheduler }, { channel }) => {
      await db.insert(messages).values({ channel, text: "never" });
      await scheduler.invalidate(list, { channel });
      throw new ConvexError({ code: "no" });
    },
  });
  const sendSilently = mutation({
    args: inChannel,
    handler: async ({ db }, { channel }) => {
      await db.insert(messages).values({ channel, text: "psst" });
    },
  });
  const broken = query({ handler: async ({ db }) => db.select({ one: sql`1` }).from(sql`nowhere`) });
  const whoAmI = query({ handler: async ({ auth }) => (await auth.getUserIdentity())?.subject ?? "anonymous" });
  const functions = { messages: { list, send, sendAndFail, sendSilently, broken }, users: { whoAmI } };

  const database = new DatabaseForTests(schema, () => open(schema));
  let scene: EngineScene<Driver>;
  let clock: HandClock;
  let engine: Engine;

  beforeEach(() => {
    scene = new EngineScene(functions, { driver: database.driver, schema, development: true });
    ({ clock, engine } = scene);
  });
  afterEach(() => scene?.close());

  const sendToA = (text: string) => scene.mutation("messages:send", { ...inA, text });
  const readA = () => scene.read("messages:list", inA);
  /** Serves functions of one test, too, as `its:name`. */
  const serve = (its: FunctionModules[string]) => engine.useFunctions({ ...functions, its }, schema);
  const texts = (rows: unknown) => (rows as { text: string }[]).map((row) => row.text);

  test("a committed mutation reaches every subscriber of what it touched, with one run and one serialisation", async () => {
    const clients = Array.from({ length: 20 }, () => scene.asking(["messages:list", inA]));
    const bystander = await scene.watching(["messages:list", { channel: "b" }]);
    const before = { ...engine.counters };
    expect(before.queryRuns).toBe(2);

    await sendToA("hi");
    await engine.settled();

    expect(engine.counters.queryRuns - before.queryRuns).toBe(1);
    expect(engine.counters.serialisations - before.serialisations).toBe(1);
    expect(engine.counters.sends - before.sends).toBe(20);
    for (const client of clients) expect(texts(client.value(1))).toEqual(["hi"]);
    expect(new Set(clients.map((client) => client.frames.at(-1))).size).toBe(1);
    expect(bystander.transitions).toHaveLength(1);
  });

  test("clients that connect with the same queries are greeted and answered by the same frames", async () => {
    const known = await scene.watching(["messages:list", inA]);
    const others = [scene.asking(["messages:list", inA]), scene.asking(["messages:list", inA])];
    await engine.settled();
    for (const { frames } of others) {
      expect(frames).toHaveLength(2);
      frames.forEach((frame, i) => {
        expect(frame).toBe(known.frames[i]);
      });
    }
    const other = scene.client();
    other.subscribe(7, "messages:list", inA);
    await engine.settled();
    expect(other.frames.at(-1)).not.toBe(known.frames.at(-1));
    expect(texts(other.value(7))).toEqual([]);
  });

  test("own writes: the reply and the reflecting transition both come, and the transition holds the row", async () => {
    const client = scene.asking(["messages:list", inA]);
    client.mutate(1, "messages:send", { ...inA, text: "one" });
    client.mutate(2, "messages:send", { ...inA, text: "two" });
    await client.until(() => client.transitions.flatMap((t) => t.reflected ?? []).includes(2));
    await client.until(() => client.ofType("MutationSucceeded").length === 2);
    expect(texts(client.value(1))).toEqual(["one", "two"]);
    expect(client.ofType("MutationSucceeded").map((m) => [m.request, m.value])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test("a mutation that commits while a batch runs, and changes nothing that its client watches, is reflected all the same", async () => {
    const client = await scene.watching(["messages:list", inA]);
    for (let n = 1; n <= 20; n++) client.mutate(n, "messages:send", { channel: n % 2 ? "a" : "elsewhere", text: "x" });
    await client.until(() => client.transitions.flatMap((t) => t.reflected ?? []).includes(20));
    const reflected = client.transitions.flatMap((t) => t.reflected ?? []);
    expect(reflected).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  test("a mutation that fails leaves nothing: no row, no invalidation, but its error", async () => {
    const client = await scene.watching(["messages:list", inA]);
    client.mutate(1, "messages:sendAndFail", inA);
    await client.until(() => client.ofType("MutationFailed").length === 1);
    await engine.settled();
    expect(client.ofType("MutationFailed")[0]?.error).toMatchObject({ kind: "application", data: { code: "no" } });
    expect(engine.counters.queryRuns).toBe(1);
    expect(client.value(1)).toEqual([]);
  });

  test("a mutation that fails in a savepoint and is caught takes its writes and its invalidations with it", async () => {
    const sendTwiceOneFails = mutation({
      handler: async ({ runMutation }) => {
        await runMutation(send, { ...inA, text: "kept" });
        await runMutation(sendAndFail, { channel: "other" }).catch(() => {});
      },
    });
    serve({ sendTwiceOneFails });
    const client = await scene.watching(["messages:list", inA], ["messages:list", { channel: "other" }]);
    client.mutate(1, "its:sendTwiceOneFails");
    await client.until(() => client.ofType("MutationSucceeded").length === 1);
    await engine.settled();
    expect(texts(client.value(1))).toEqual(["kept"]);
    expect(client.value(2)).toEqual([]);
    expect(engine.counters.queryRuns).toBe(3);
  });

  test("an equal result is not sent again", async () => {
    const client = await scene.watching(["messages:list", { channel: "a", limit: 1 }]);
    for (const text of ["first", "second"]) {
      await sendToA(text);
      await engine.settled();
    }
    expect(engine.counters.queryRuns).toBe(3);
    expect(client.transitions).toHaveLength(2);
  });

  test("a mutation resent after its reply was lost is not run again, and its reply is told", async () => {
    const lost = scene.client();
    lost.mutate(1, "messages:send", { ...inA, text: "once" });
    await lost.until(() => lost.ofType("MutationSucceeded").length === 1);
    lost.cut();

    const back = scene.again(lost);
    back.mutate(1, "messages:send", { ...inA, text: "once" });
    back.subscribe(1, "messages:list", inA);
    await back.until(() => back.ofType("MutationSucceeded").length === 1 && back.value(1) !== undefined);
    expect(back.ofType("MutationSucceeded")[0]?.value).toBe(1);
    expect(texts(back.value(1))).toEqual(["once"]);
  });

  test("a page that comes back to a server that has been started anew is sent nothing that it has", async () => {
    const before = await scene.watching(["messages:list", inA]);
    const token = before.transitions
      .flatMap(({ answers = [] }) => answers)
      .flatMap((a) => ("token" in a ? a.token : []))[0];
    await scene.restart();
    const back = scene.again(before);
    back.subscribe(1, "messages:list", inA, token);
    await back.until(() => back.transitions.length > 0);
    expect(back.transitions).toEqual([expect.objectContaining({ maps: [[1, expect.any(Number)]] })]);
    expect(back.transitions[0]).not.toHaveProperty("answers");
  });

  test("a mutation resent to a server that has been started anew is not run again", async () => {
    const lost = scene.client();
    lost.mutate(1, "messages:send", { ...inA, text: "once" });
    lost.mutate(2, "messages:sendAndFail", inA);
    await lost.until(() => lost.ofType("MutationFailed").length === 1);
    await scene.restart();

    const back = scene.again(lost);
    back.mutate(1, "messages:send", { ...inA, text: "once" });
    back.mutate(2, "messages:sendAndFail", inA);
    back.mutate(3, "messages:send", { ...inA, text: "next" });
    await back.until(() => back.ofType("MutationSucceeded").length === 2);
    back.subscribe(1, "messages:list", inA);
    await back.until(() => back.value(1) !== undefined);
    expect(texts(back.value(1))).toEqual(["once", "next"]);
    expect(back.ofType("MutationFailed")[0]?.error).toMatchObject({ kind: "application", data: { code: "no" } });
  });

  test("a client's first outcome is told to the identity that it belongs to, and to no other", async () => {
    const alice = scene.client("alice");
    alice.mutate(1, "messages:send", { ...inA, text: "of alice" });
    await alice.until(() => alice.ofType("MutationSucceeded").length === 1);
    for (const subject of ["bob", undefined]) {
      const thief = scene.again(alice, { subject });
      thief.mutate(1, "messages:send", { ...inA, text: "of alice" });
      thief.mutate(2, "messages:send", { ...inA, text: "of a thief" });
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
    expect(await readA()).toMatchObject([{ text: "of alice" }]);
  });

  test("a client that goes to another server and comes back goes on where it is", async () => {
    const other = scene.startEngine();
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
    const lost = scene.client();
    lost.mutate(1, "messages:send", { ...inA, text: "landed" });
    await lost.until(() => lost.ofType("MutationSucceeded").length === 1);
    lost.cut();

    const back = scene.again(lost, { undecided: [1, 2] });
    back.subscribe(1, "messages:list", inA);
    await back.until(() => back.transitions.length === 1);
    expect(back.transitions[0]?.reflected).toEqual([1]);
    expect(texts(back.value(1))).toEqual(["landed"]);
  });

  test("a page's answer is handed over: no second run, no second copy", async () => {
    await sendToA("hi");
    const preloaded = await engine.preload("messages:list", inA, null);
    if (!preloaded.ok) throw new Error("not preloaded");
    expect(engine.counters.queryRuns).toBe(1);

    const client = scene.client();
    client.subscribe(1, "messages:list", inA, preloaded.value.token);
    await client.until(() => client.transitions.length === 1);
    expect(engine.counters.queryRuns).toBe(1);
    expect(client.texts.at(-1)).toBe(`{"type":"Transition","at":${preloaded.value.at},"maps":[[1,1]]}`);
    expect(client.texts.at(-1)?.length).toBeLessThanOrEqual(60);
  });

  test("a write between the render and the subscription is never missed", async () => {
    const preloaded = await engine.preload("messages:list", inA, null);
    if (!preloaded.ok) throw new Error("not preloaded");
    await sendToA("late");
    const client = scene.client();
    client.subscribe(1, "messages:list", inA, preloaded.value.token);
    await client.until(() => client.value(1) !== undefined);
    expect(texts(client.value(1))).toEqual(["late"]);
  });

  test("a lease ends after its time, and a live query without watcher, waiter or lease is dropped", async () => {
    await engine.preload("messages:list", inA, null);
    clock.advance(engine.limits.preloadLeaseMs);
    await engine.preload("messages:list", inA, null);
    expect(engine.counters.queryRuns).toBe(2);
    clock.advance(engine.limits.preloadLeaseMs);
  });

  test("a preload of a query that is live is served from the live result", async () => {
    await scene.watching(["messages:list", inA]);
    await engine.preload("messages:list", inA, null);
    expect(engine.counters.queryRuns).toBe(1);
    await sendToA("x");
    const after = await engine.preload("messages:list", inA, null);
    expect(after.ok && JSON.parse(after.value.text)).toHaveLength(1);
    expect(engine.counters.queryRuns).toBe(2);
    clock.advance(engine.limits.preloadLeaseMs);
  });

  test("arguments are shared after parsing: a default given and a default left out are one live query", async () => {
    const client = await scene.watching(["messages:list", inA], ["messages:list", { channel: "a", limit: 50 }]);
    expect(engine.counters.queryRuns).toBe(1);
    await sendToA("x");
    await engine.settled();
    expect(engine.counters.queryRuns).toBe(2);
    expect(texts(client.value(1))).toEqual(["x"]);
    expect(texts(client.value(2))).toEqual(["x"]);
  });

  test("a query that asks who is calling is run for each caller, and no caller gets another's answer", async () => {
    const alice = scene.client("alice");
    const bob = scene.client("bob");
    const anonymous = scene.client();
    for (const client of [alice, bob, anonymous]) client.subscribe(1, "users:whoAmI");
    await engine.settled();
    expect([alice, bob, anonymous].map((client) => client.value(1))).toEqual(["alice", "bob", "anonymous"]);
    expect(JSON.stringify(bob.received)).not.toContain("alice");
    const preloaded = await engine.preload("users:whoAmI", {}, { subject: "carol" });
    expect(preloaded.ok && preloaded.value.text).toBe('"carol"');
    clock.advance(engine.limits.preloadLeaseMs);
  });

  test("a write inside a query is refused", async () => {
    const writing = query({
      handler: async ({ db }) => {
        await (db as never as { delete(table: unknown): Promise<void> }).delete(messages);
      },
    });
    serve({ writing });
    const outcome = await scene.query("its:writing");
    expect(outcome).toMatchObject({
      ok: false,
      error: { kind: "internal", message: expect.stringMatching(/read-only|readonly|READ ONLY/) },
    });
  });

  test("a query whose statement fails is an error answer, and the others of its batch are answered all the same", async () => {
    const client = await scene.watching("messages:broken", ["messages:list", inA]);
    expect(client.value(1)).toMatchObject({
      kind: "internal",
      message: expect.stringContaining("nowhere"),
    });
    expect(client.value(2)).toEqual([]);
  });

  test("a query calls another in its own snapshot", async () => {
    const howMany = query({
      args: inChannel,
      handler: async ({ runQuery }, { channel }) => (await runQuery(list, { channel })).length,
    });
    serve({ howMany });
    await sendToA("x");
    const outcome = await scene.query("its:howMany", inA);
    expect(outcome).toEqual({ ok: true, value: 1 });
  });

  test("an action calls mutations and queries, each in a transaction of its own", async () => {
    const relay = action({
      args: inChannel,
      handler: async ({ runMutation, runQuery }, { channel }) => {
        await runMutation(send, { channel, text: "relayed" });
        return (await runQuery(list, { channel })).length;
      },
    });
    serve({ relay });
    const client = scene.asking(["messages:list", inA]);
    client.say({ type: "Act", request: 1, path: "its:relay", args: inA });
    await client.until(() => client.ofType("ActionSucceeded").length === 1);
    await engine.settled();
    expect(client.ofType("ActionSucceeded")[0]?.value).toBe(1);
    expect(texts(client.value(1))).toEqual(["relayed"]);
  });

  test("mutations that all change the same row run one after the other in effect: none is lost", async () => {
    const countUp = mutation({
      handler: async ({ db }) => {
        const [row] = await db.select().from(messages);
        await db.update(messages).set({ text: String(Number(row?.text) + 1) });
      },
    });
    serve({ countUp });
    await sendToA("0");
    const clients = Array.from({ length: 8 }, () => scene.client());
    for (const client of clients) for (const n of [1, 2, 3]) client.mutate(n, "its:countUp");
    // A conflict is tried again after a pause of up to 100 ms: that much time may pass, but no function's time limit.
    await scene.pausesPass(100, () => clients.every((client) => client.ofType("MutationSucceeded").length === 3));
    expect(await readA()).toMatchObject([{ text: "24" }]);
  });

  test("in development, a commit that changed a live query without announcing it is named, with the query", async () => {
    serve({ chance: query({ handler: async () => Math.random() }) });
    const client = scene.client();
    client.subscribe(1, "messages:list", inA);
    client.subscribe(2, "messages:list", { channel: "b" });
    client.subscribe(3, "its:chance");
    await engine.settled();
    client.mutate(1, "messages:sendSilently", inA);
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

    client.mutate(2, "messages:sendSilently", inA);
    await engine.settled();
    clock.advance(300);
    await engine.settled();
    expect(client.ofType("Notice")).toHaveLength(1);
  });

  test("a notice that is kept is sent to each client that connects, until it is taken back", async () => {
    const open = scene.client();
    engine.keepNotice("The schema was refused.");
    const opened = scene.client();
    expect(open.ofType("Notice")).toEqual([]);
    expect(opened.ofType("Notice").map(({ message }) => message)).toEqual(["The schema was refused."]);

    engine.keepNotice(undefined);
    expect(scene.client().ofType("Notice")).toEqual([]);
  });

  test("what is wrong with an announcement is its author's affair, not the caller's, and rolls back", async () => {
    const announceWrongly = mutation({
      handler: async ({ db, scheduler }) => {
        await db.insert(messages).values({ ...inA, text: "never" });
        await scheduler.invalidate(list, { chanel: "a" } as never);
      },
    });
    serve({ announceWrongly });
    const outcome = await scene.mutation("its:announceWrongly");
    expect(outcome).toMatchObject({
      ok: false,
      error: { kind: "internal", message: expect.stringContaining("chanel") },
    });
    expect(await readA()).toEqual([]);
  });

  test("what a mutation announces is not named, and in production nothing is looked for", async () => {
    const client = scene.asking(["messages:list", inA]);
    client.mutate(1, "messages:send", { ...inA, text: "announced" });
    await engine.settled();
    clock.advance(300);
    await engine.settled();
    expect(client.ofType("Notice")).toEqual([]);

    await scene.restart({ development: false });
    const other = scene.asking(["messages:list", inA]);
    other.mutate(1, "messages:sendSilently", inA);
    await scene.engine.settled();
    clock.advance(300);
    await scene.engine.settled();
    expect(scene.engine.counters.checkRuns).toBe(0);
  });

  test("what does not exist, is internal or does not parse is refused to the caller, with its reason", async () => {
    serve({ secret: internalMutation({ handler: async () => "done" }) });
    const client = scene.client();
    client.subscribe(1, "messages:nothing");
    client.subscribe(2, "messages:list", { channel: 5 });
    client.subscribe(3, "messages:send", { channel: "a", text: "" });
    client.mutate(1, "its:secret");
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
    const sending = sendToA("x");
    const other = mutation({ handler: async () => "other" });
    const otherList = query({ args: z.object({ channel: z.string() }), handler: async () => [] });
    engine.useFunctions({ messages: { list: otherList, send: other } }, schema);
    expect(await sending).toEqual({ ok: true, value: 1 });
  });

  test("new functions are served to connected clients: a changed answer is sent, an equal one is not", async () => {
    const client = scene.client();
    client.subscribe(1, "messages:list", inA);
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
    ["a second Connect", `{"type":"Connect","protocol":3,"clientId":"${CLIENT_ID}"}`, 4400],
    ["nested too deeply", `{"type":"Ping","a":${"[".repeat(500)}${"]".repeat(500)}}`, 4413],
    ["a message too large", `"${"x".repeat(1024 * 1024)}"`, 4413],
  ])("a client that sends %s is told so and disconnected; others are not affected", async (_what, text, code) => {
    const client = scene.client();
    const other = scene.client();
    client.sayText(text);
    expect(client.closedWith?.code).toBe(code);
    other.subscribe(1, "messages:list", inA);
    await other.until(() => other.value(1) !== undefined);
  });

  test("a client that speaks another version, or nothing, or before Connect, is disconnected", () => {
    const other = scene.socket();
    other.say({ type: "Connect", protocol: PROTOCOL_VERSION + 1, clientId: CLIENT_ID });
    expect(other.closedWith?.code).toBe(4426);
    const eager = scene.socket();
    eager.subscribe(1, "messages:list");
    expect(eager.closedWith?.code).toBe(4400);
    const mute = scene.socket();
    clock.advance(engine.limits.handshakeTimeoutMs);
    expect(mute.closedWith?.code).toBe(4408);
  });

  test("a silent client is sent a Ping, then disconnected; one that answers stays", () => {
    const silent = scene.client();
    clock.advance(engine.limits.pingIntervalMs);
    expect(silent.ofType("Ping")).toHaveLength(1);
    clock.advance(engine.limits.silenceTimeoutMs);
    expect(silent.closedWith?.code).toBe(4440);
    const alive = scene.client();
    for (let i = 0; i < 10; i++) {
      clock.advance(engine.limits.pingIntervalMs);
      alive.say({ type: "Pong" });
    }
    expect(alive.closedWith).toBeUndefined();
  });

  test("a jump of the clock disconnects no client that answers", () => {
    const client = scene.client();
    clock.jump(3_600_000);
    clock.advance(engine.limits.pingIntervalMs);
    expect(client.closedWith).toBeUndefined();
    expect(client.ofType("Ping")).toHaveLength(1);
    client.say({ type: "Pong" });
    clock.advance(engine.limits.silenceTimeoutMs - engine.limits.pingIntervalMs);
    expect(client.closedWith).toBeUndefined();
  });

  test("a client that reads too slowly misses states, not the last one", async () => {
    const slow = await scene.watching(["messages:list", inA]);
    slow.bufferedAmount = 2 * 1024 * 1024;
    for (const text of ["1", "2", "3"]) {
      await sendToA(text);
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
    const first = scene.client();
    const second = scene.again(first);
    expect(first.closedWith?.code).toBe(4409);
    expect(second.closedWith).toBeUndefined();
  });

  test("mutations of a client id that belongs to another identity are not run", async () => {
    const client = scene.socket("bob");
    client.connect(CLIENT_ID, { identity: "alice's fingerprint", undecided: [1] });
    for (const n of [1, 2]) client.mutate(n, "messages:send", { ...inA, text: "as bob" });
    expect(client.ofType("MutationFailed")).toMatchObject([
      { request: 1, error: { kind: "unavailable", reason: "outcomeUnknown" } },
      { request: 2, error: { kind: "unavailable", reason: "identityChanged" } },
    ]);
    expect(await readA()).toEqual([]);
  });

  test("in production an internal error leaves nothing but its incident id", async () => {
    await scene.restart({ development: false });
    const outcome = await scene.query("messages:broken");
    expect(outcome).toEqual({ ok: false, error: { kind: "internal", incident: expect.any(String) } });
    expect(clock.lines.at(-1)?.about).toMatchObject({
      incident: (outcome as { error: { incident: string } }).error.incident,
    });
  });
}

await describeOnEveryDatabase("an engine", behavesAsEngine);
