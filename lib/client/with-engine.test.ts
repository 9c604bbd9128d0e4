import { asc, eq } from "drizzle-orm";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { patience } from "../../tests/support/patience.ts";
import { ScriptedPage } from "../../tests/support/scripted-server.ts";
import { openTemporaryDatabase } from "../database/temporary-database.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import type { Identity } from "../functions/context.ts";
import { createFunctions } from "../functions/define.ts";
import type { FunctionReference } from "../functions/reference.ts";
import { HandClock } from "../testing/hand-clock.ts";
import { SocketNetwork } from "../testing/socket-pair.ts";
import { ConvexError } from "../values/errors.ts";
import { ConvexClient } from "./convex-client.ts";

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
const functions = { messages: { list, count, send, who } };

type Row = { id: number; channel: string; text: string };
type List = FunctionReference<"query", "public", { channel: string; limit?: number }, Row[]>;
const LIST = "messages:list" as unknown as List;
const general = { channel: "general" };

describe("a client and a real engine", () => {
  let driver: Awaited<ReturnType<typeof openTemporaryDatabase>>;
  /** The clients' time. The engine has its own, so that waiting for a reconnect uses up no query's time. */
  let clock: HandClock;
  let serverClock: HandClock;
  let engine: Engine;
  let network: SocketNetwork;
  let caller: Identity | null;
  let clients: ConvexClient[];

  const sql = async (statement: string) => {
    const connection = await driver.connect();
    await connection.begin("write");
    const result = await connection.execute(statement);
    await connection.commit();
    connection.release();
    return result;
  };

  const start = () => {
    engine = createEngine({ driver, environment: serverClock, development: true });
    // biome-ignore lint/correctness/useHookAtTopLevel: no hook, for all its name
    engine.useFunctions(functions, schema);
  };

  const forgetMessages = async () => {
    await sql("truncate messages restart identity");
    await engine.close();
    start();
  };

  /** Lets clients that wait for their next attempt make it. */
  const untilBack = (isSo: () => boolean) =>
    until(() => {
      for (const waiting of clients) {
        const { state, retryAt = 0 } = waiting.connectionState();
        if (state === "waiting") clock.advance(Math.max(0, retryAt - clock.now()));
      }
      return isSo();
    });

  beforeAll(async () => {
    driver = await openTemporaryDatabase({ schema });
    await sql(
      "create table messages (id integer primary key generated always as identity, channel text not null, text text not null)",
    );
  });

  beforeEach(async () => {
    await sql("truncate messages, convex_lite.sessions restart identity");
    clock = new HandClock();
    serverClock = new HandClock(2);
    caller = null;
    clients = [];
    network = new SocketNetwork(clock, (socket) => engine.opened(socket, caller));
    start();
  });

  afterEach(async () => {
    for (const client of clients ?? []) await client.close();
    await turns();
    await engine?.close();
    expect([clock.waiting, serverClock.waiting]).toEqual([0, 0]);
    expect([...clock.lines, ...serverClock.lines].filter(({ level }) => level === "error")).toEqual([]);
  });

  afterAll(() => driver?.close());

  function client(): ConvexClient {
    const { webSocketConstructor } = network;
    const made = new ConvexClient("http://test", {
      environment: clock,
      page: new ScriptedPage(),
      webSocketConstructor,
    });
    clients.push(made);
    return made;
  }

  /** Everything the client shows of the list, as it changes. */
  function texts(of: ConvexClient, args: { channel: string; limit?: number } = general): string[] {
    const seen: string[] = [];
    of.watchQuery(LIST, args, ({ data, error }) =>
      seen.push(error?.kind ?? data?.map((row) => row.text).join() ?? "…"),
    );
    return seen;
  }

  const sendOptimistically = (by: ConvexClient, text: string) =>
    by.mutation(
      "messages:send",
      { ...general, text },
      {
        optimisticUpdate: (localStore) => {
          const rows = localStore.getQuery(LIST, general);
          if (rows) localStore.setQuery(LIST, general, [...rows, { id: -1, channel: "general", text }]);
        },
      },
    );

  test("what one sends, the other sees; the sender sees no flicker and no double row", async () => {
    const [alice, bob] = [client(), client()];
    const [seenByAlice, seenByBob] = [texts(alice), texts(bob)];
    await until(() => seenByBob.length === 1 && seenByAlice.length === 1);
    expect(await sendOptimistically(alice, "hi")).toBe("hi");
    expect(seenByAlice).toEqual(["", "hi", "hi"]);
    await until(() => seenByBob.length === 2);
    expect(seenByBob).toEqual(["", "hi"]);
    await expect(sendOptimistically(alice, "refused")).rejects.toMatchObject({
      kind: "application",
      data: { code: "refused" },
    });
    expect(seenByAlice).toEqual(["", "hi", "hi", "hi,refused", "hi"]);
  });

  test("two queries move together", async () => {
    const alice = client();
    const seen: string[] = [];
    alice.watchQueries({ list: { query: LIST, args: general }, count: { query: "messages:count" } }, (results) =>
      seen.push(`${results.list.data?.length} of ${results.count.data}`),
    );
    await until(() => seen.length > 0);
    await alice.mutation("messages:send", { ...general, text: "a" });
    await alice.mutation("messages:send", { channel: "other", text: "b" });
    expect(seen).toEqual(["0 of 0", "1 of 1", "1 of 2"]);
  });

  test("two queries with equal parsed arguments share one live query, and each may end", async () => {
    const alice = client();
    const plain = texts(alice);
    await until(() => plain.length === 1);
    const explicit = texts(alice, { ...general, limit: 50 });
    await until(() => explicit.length === 1);
    await alice.mutation("messages:send", { ...general, text: "a" });
    expect([plain, explicit]).toEqual([
      ["", "a"],
      ["", "a"],
    ]);
  });

  test("a rendered page becomes live without a second run, and is not sent its results again", async () => {
    await engine.call({ kind: "mutation", path: "messages:send", args: { ...general, text: "a" }, caller: null });
    const preloaded = await engine.preload("messages:list", general, null);
    const runs = engine.counters.queryRuns;
    const alice = client();
    if (preloaded.ok) alice.sync.ingest(preloaded.value);
    const seen = texts(alice);
    expect(seen).toEqual(["a"]);
    await until(() => network.pairs.at(-1)?.saidByServer.some(({ type }) => type === "Transition") ?? false);
    await turns();
    expect(seen).toEqual(["a"]);
    expect(engine.counters.queryRuns).toBe(runs);
    const transitions = network.last.saidByServer.filter(({ type }) => type === "Transition");
    expect(transitions.map((transition) => JSON.stringify(transition).length)).toEqual([expect.any(Number)]);
    expect(JSON.stringify(transitions[0]).length).toBeLessThanOrEqual(60);
    await engine.call({ kind: "mutation", path: "messages:send", args: { ...general, text: "b" }, caller: null });
    await until(() => seen.length === 2);
    expect(seen).toEqual(["a", "a,b"]);
  });

  test("a mutation runs once and in order, wherever the connection is cut", async () => {
    for (let cutAfter = 1; cutAfter <= 14; cutAfter++) {
      await forgetMessages();
      const alice = client();
      const seen = texts(alice);
      const calls = ["a", "b", "c"].map((text) => sendOptimistically(alice, text));
      const all = Promise.all(calls);
      let isDone = false;
      void all.then(() => {
        isDone = true;
      });
      const pair = network.last;
      await untilBack(() => {
        if (pair.said.length >= cutAfter) pair.cut();
        return isDone;
      });
      expect(await all).toEqual(["a", "b", "c"]);
      expect(seen.at(-1), `cut after ${cutAfter} messages`).toBe("a,b,c");
      for (const shown of seen) expect(["", "a", "a,b", "a,b,c"]).toContain(shown);
      await alice.close();
    }
  });

  test("a restart of the server loses nothing and runs nothing twice", async () => {
    const alice = client();
    const seen = texts(alice);
    await until(() => seen.length === 1);
    await sendOptimistically(alice, "a");
    const later = sendOptimistically(alice, "b");
    await engine.close();
    start();
    const last = sendOptimistically(alice, "c");
    await untilBack(() => {
      return seen.at(-1) === "a,b,c" && alice.connectionState().pendingMutations === 0;
    });
    expect(await Promise.all([later, last])).toEqual(["b", "c"]);
  });

  test("another identity starts anew: no waiting mutation is sent under it, and it sees its own answers", async () => {
    caller = { subject: "alice" };
    const alice = client();
    const seen: unknown[] = [];
    alice.watchQuery("messages:who", {}, ({ data }) => seen.push(data));
    await until(() => seen.length === 1);
    await alice.mutation("messages:send", { ...general, text: "by alice" });
    caller = { subject: "bob" };
    network.isUp = false;
    network.cut();
    await turns();
    const unsent = alice.mutation("messages:send", { ...general, text: "by alice" }).catch((error: unknown) => error);
    network.isUp = true;
    await untilBack(() => {
      return seen.at(-1) === "bob";
    });
    expect(await unsent).toMatchObject({ kind: "unavailable", reason: "identityChanged" });
    expect(seen).toEqual(["alice", undefined, "bob"]);
    expect(await alice.query("messages:count")).toBe(1);
    await alice.mutation("messages:send", { ...general, text: "by bob" });
    expect(await alice.query("messages:count")).toBe(2);
  });

  test("when writes stop, every client shows what is stored, whatever was cut", async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const chance = new HandClock(seed);
      const pick = (n: number) => Math.floor(chance.random() * n);
      await forgetMessages();
      const people = [client(), client(), client()];
      const channels = ["general", "other"];
      const views = people.flatMap((person) =>
        channels.map((channel) => ({ channel, seen: texts(person, { channel }) })),
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
          calls.push(people[who]?.mutation("messages:send", { channel, text }) ?? Promise.resolve());
        } else if (what < 8) network.pairs[pick(network.pairs.length)]?.cut();
        else clock.advance(pick(500));
        if (pick(3) === 0) await turns();
      }
      let isDone = false;
      void Promise.all(calls).then(() => {
        isDone = true;
      });
      await untilBack(() => {
        return isDone && people.every((person) => person.connectionState().state === "open");
      });
      for (let i = 0; i < 20; i++) await turns();
      for (const { channel, seen } of views) {
        const stored = (await sql(`select text from messages where channel = '${channel}' order by id`)).map((row) =>
          String(row.text),
        );
        expect(seen.at(-1), `seed ${seed}`).toBe(stored.slice(0, 50).join());
        for (const view of seen)
          expect(`${stored.join()},`.startsWith(view && `${view},`), `${view} was never so`).toBe(true);
        for (const [by, texts] of sent) {
          if (by.endsWith(channel)) expect(stored.filter((text) => texts.includes(text))).toEqual(texts);
        }
      }
      for (const person of people) await person.close();
    }
  });
});

/** Lets everything that runs have its turn, the database's worker included. */
async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function until(isSo: () => boolean): Promise<void> {
  const givenUp = performance.now() + patience.fact;
  while (!isSo()) {
    if (performance.now() > givenUp) throw new Error(`It did not become so within ${patience.fact} ms.`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
