import { describe, expect, test, vi } from "vitest";
import { ScriptedServer, settle } from "../../tests/support/scripted-server.ts";
import { CloseCode } from "../protocol/close-codes.ts";
import type { FunctionError } from "../protocol/function-error.ts";
import { ConvexError } from "../values/errors.ts";
import { keyOf } from "./calls/named-call.ts";
import type { OptimisticLocalStore } from "./calls/optimistic-update.ts";
import { UNMOUNT_GRACE } from "./queries/query-limits.ts";

const LIST = "messages:list";
const SEND = "messages:send";
const general = { channel: "general" };

/** A server, a client that watches one list, and the list answered. */
async function watching(rows: { id: number }[] = [{ id: 1 }]) {
  const server = new ScriptedServer();
  const client = server.client();
  const results: unknown[] = [];
  const stop = client.watchQuery(LIST, general, (result) => results.push(result.error ?? result.data));
  await settle();
  await server.transition({ at: 1, maps: [[1, 7]], answers: [{ live: 7, token: "h1", value: rows }] });
  return { server, client, results, stop };
}

describe("a client", () => {
  test("connects when something is first watched, at /api/sync of the site", async () => {
    const server = new ScriptedServer();
    const client = server.client();
    await settle();
    expect(server.network.pairs).toHaveLength(0);
    expect(server.clock.waiting).toBe(0);
    client.watchQuery(LIST, general, () => {});
    await settle();
    expect(server.network.lastOpened?.url).toBe("ws://test.local/api/sync");
    expect(server.heard("Connect")).toHaveLength(1);
    expect(client.connectionState()).toMatchObject({ state: "open", hasEverConnected: true });
  });

  test("subscribes to all queries of one tick in one message, to equal ones once", async () => {
    const server = new ScriptedServer();
    const client = server.client();
    client.watchQuery(LIST, { channel: "a", limit: undefined }, () => {});
    client.watchQuery(LIST, { channel: "a" }, () => {});
    client.watchQuery(LIST, { channel: "b" }, () => {});
    await settle();
    expect(server.heard("Subscribe")).toEqual([
      {
        type: "Subscribe",
        queries: [
          { query: 1, path: LIST, args: { channel: "a" } },
          { query: 2, path: LIST, args: { channel: "b" } },
        ],
      },
    ]);
  });

  test("keeps a query for five seconds after its last watcher, then unsubscribes", async () => {
    const { server, client, stop } = await watching();
    stop();
    server.clock.advance(4_999);
    const again = vi.fn();
    const stopAgain = client.watchQuery(LIST, general, again);
    expect(again).toHaveBeenCalledWith({ data: [{ id: 1 }], isLoading: false, error: undefined });
    await settle();
    server.clock.advance(10_000);
    await settle();
    expect(server.heard("Unsubscribe")).toHaveLength(0);
    expect(server.heard("Subscribe")).toHaveLength(1);
    stopAgain();
    server.clock.advance(5_000);
    await settle();
    expect(server.heard("Unsubscribe")).toEqual([{ type: "Unsubscribe", queries: [1] }]);
  });

  test("calls a watcher of several queries once per update, with all results of one state", async () => {
    const server = new ScriptedServer();
    const client = server.client();
    const seen: unknown[] = [];
    client.watchQueries({ a: { query: "x:a" }, b: { query: "x:b" } }, ({ a, b }) => seen.push([a.data, b.data]));
    await settle();
    await server.transition({
      at: 1,
      maps: [
        [1, 1],
        [2, 2],
      ],
      answers: [
        { live: 1, token: "a1", value: 1 },
        { live: 2, token: "b1", value: 1 },
      ],
    });
    await server.transition({
      at: 2,
      answers: [
        { live: 1, token: "a2", value: 2 },
        { live: 2, token: "b2", value: 2 },
      ],
    });
    expect(seen).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test("keeps unchanged rows the same objects, and the whole result when all are unchanged", async () => {
    const { server, client } = await watching([{ id: 1 }, { id: 2 }]);
    const before = client.sync.result(firstKey(client));
    await server.transition({ at: 2, answers: [{ live: 7, token: "h2", value: [{ id: 2 }, { id: 3 }] }] });
    const after = client.sync.result(firstKey(client));
    expect((after.data as unknown[])[0]).toBe((before.data as unknown[])[1]);
    await server.transition({ at: 3, answers: [{ live: 7, token: "h2", value: [{ id: 2 }, { id: 3 }] }] });
    expect(client.sync.result(firstKey(client))).toBe(after);
  });

  test("keeps the last good data beside an error, and loses the error with the next good answer", async () => {
    const { server, client } = await watching();
    await server.transition({
      at: 2,
      answers: [{ live: 7, error: { kind: "application", data: { $t: ["date", 5] } } }],
    });
    const failed = client.sync.result(firstKey(client));
    expect(failed).toMatchObject({
      data: [{ id: 1 }],
      isLoading: false,
      error: { kind: "application", data: new Date(5) },
    });
    expect(failed.error).toBeInstanceOf(ConvexError);
    await server.transition({ at: 3, answers: [{ live: 7, token: "h1", value: [{ id: 1 }] }] });
    expect(client.sync.result(firstKey(client))).toEqual({ data: [{ id: 1 }], isLoading: false, error: undefined });
  });

  test("shows a refused query as failed, and answers it when the server maps it later", async () => {
    const server = new ScriptedServer();
    const client = server.client();
    const seen: unknown[] = [];
    client.watchQuery(LIST, general, ({ data, error }) => seen.push(error?.kind ?? data));
    await settle();
    await server.transition({ at: 1, refused: [[1, { kind: "badRequest", message: "No such query." }]] });
    await server.transition({ at: 2, maps: [[1, 4]], answers: [{ live: 4, token: "h", value: 5 }] });
    expect(seen).toEqual(["badRequest", 5]);
  });

  test("follows a query to another live query, with and without an answer beside the map", async () => {
    const { server, results } = await watching();
    await server.transition({ at: 2, maps: [[1, 8]] });
    await server.transition({ at: 3, answers: [{ live: 7, token: "old", value: "of the live query that was left" }] });
    await server.transition({ at: 4, answers: [{ live: 8, token: "h2", value: "new" }] });
    expect(results).toEqual([[{ id: 1 }], "new"]);
  });
});

describe("a client that comes back", () => {
  test("sends the tokens of its answers, and shows nothing twice when they are confirmed", async () => {
    const { server, results } = await watching();
    await server.reconnect();
    expect(server.heard("Subscribe")[0]?.queries).toEqual([{ query: 1, path: LIST, args: general, token: "h1" }]);
    await server.transition({ at: 1, maps: [[1, 3]] });
    expect(results).toEqual([[{ id: 1 }]]);
    await server.transition({ at: 2, answers: [{ live: 3, token: "h2", value: "new" }] });
    expect(results).toEqual([[{ id: 1 }], "new"]);
  });

  test("keeps its client id and sends mutations without an outcome again, in order and under the same numbers", async () => {
    const { server, client } = await watching();
    const [first, second, third] = [1, 2, 3].map((n) => client.mutation(SEND, { n }));
    await settle();
    server.say({ type: "MutationSucceeded", request: 1, value: "one" });
    await settle();
    const { clientId } = server.heard("Connect")[0] ?? {};
    await server.reconnect();
    expect(server.heard("Connect")[0]).toMatchObject({ clientId, undecided: [1, 2, 3], identity: null });
    expect(server.heard("Mutate")).toMatchObject([
      { request: 2, args: { n: 2 }, confirmedUpTo: 1 },
      { request: 3, args: { n: 3 }, confirmedUpTo: 1 },
    ]);
    await server.transition({ at: 2, reflected: [1], maps: [[1, 2]] });
    await expect(first).resolves.toBe("one");
    server.say({ type: "MutationSucceeded", request: 2, value: "two" });
    server.say({
      type: "MutationFailed",
      request: 3,
      error: { kind: "unavailable", reason: "overloaded", message: "no" },
    });
    await server.transition({ at: 3, reflected: [2] });
    await expect(second).resolves.toBe("two");
    await expect(third).rejects.toMatchObject({ kind: "unavailable", reason: "overloaded" });
    expect(client.connectionState().pendingMutations).toBe(0);
  });

  test("waits with full jitter, at most 8 s while the page is visible and 30 s while it is hidden", async () => {
    const { server, client } = await watching();
    server.network.isUp = false;
    const waits = { visible: 0, hidden: 0 };
    for (const looked of ["visible", "hidden"] as const) {
      server.page.visible = looked === "visible";
      for (let attempt = 0; attempt < 60; attempt++) {
        server.network.cut();
        await settle();
        const { retryAt } = client.connectionState();
        waits[looked] = Math.max(waits[looked], (retryAt ?? 0) - server.clock.now());
        server.clock.advance(30_000);
        await settle();
      }
    }
    expect(waits.visible).toBeGreaterThan(4_000);
    expect(waits.visible).toBeLessThanOrEqual(8_000);
    expect(waits.hidden).toBeGreaterThan(15_000);
    expect(waits.hidden).toBeLessThanOrEqual(30_000);
  });

  test("tries at once when the page or the network returns", async () => {
    const { server, client } = await watching();
    server.network.cut();
    await settle();
    expect(client.connectionState().state).toBe("waiting");
    server.page.comesBack();
    await settle();
    expect(client.connectionState().state).toBe("open");
  });

  test("comes back at the time that a draining server has named, after the outcomes that it owed", async () => {
    const { server, client } = await watching();
    const sent = client.mutation(SEND, {});
    await settle();
    server.say({ type: "Draining", returnAfterMs: 1_000 });
    await settle();
    const later = client.mutation(SEND, { later: true });
    later.catch(() => {});
    await settle();
    expect(server.heard("Mutate")).toHaveLength(1);
    expect(client.connectionState().state).toBe("open");
    server.say({ type: "MutationSucceeded", request: 1, value: "done" });
    await server.transition({ at: 2, reflected: [1] });
    await expect(sent).resolves.toBe("done");
    expect(client.connectionState().state).toBe("waiting");
    const wait = (client.connectionState().retryAt ?? 0) - server.clock.now();
    expect(wait).toBeGreaterThanOrEqual(1_000);
    expect(wait).toBeLessThanOrEqual(1_250);
    server.clock.advance(1_250);
    await settle();
    expect(server.heard("Mutate")).toMatchObject([{ request: 2, args: { later: true } }]);
  });

  test("stops for good when the server speaks another version", async () => {
    const { server, client } = await watching();
    server.network.isUp = false;
    const waiting = client.mutation(SEND, {});
    server.closeWith(4426);
    await settle();
    expect(client.connectionState().state).toBe("stopped");
    await expect(waiting).rejects.toMatchObject({ kind: "unavailable", reason: "outcomeUnknown" });
    expect(server.clock.waiting).toBe(0);
  });
});

describe("a closed socket", () => {
  /** Lets the client come back, and its server sync it for so long. @returns how long it waited before it came. */
  async function comeBack(server: ScriptedServer, client: ReturnType<ScriptedServer["client"]>, syncedMs?: number) {
    const waited = (client.connectionState().retryAt ?? 0) - server.clock.now();
    server.clock.advance(waited);
    await settle();
    if (syncedMs === undefined) return waited;
    await server.transition({ at: 1, maps: [[1, 3]] });
    server.clock.advance(syncedMs);
    return waited;
  }

  const atOnce = [CloseCode.clientIdTakenOver, CloseCode.tooSlow, CloseCode.silent, CloseCode.resync];

  test.each(atOnce)(
    "with code %i leads back at once, and again only when the client was synced for 10 s",
    async (code) => {
      const { server, client } = await watching();
      server.closeWith(code);
      await settle();
      expect(await comeBack(server, client, 9_999)).toBe(0);
      server.closeWith(code);
      await settle();
      expect(await comeBack(server, client, 10_000)).toBeGreaterThan(0);
      server.closeWith(code);
      await settle();
      expect(await comeBack(server, client)).toBe(0);
    },
  );

  test.each([undefined, 5_000])(
    "each time with a code that leads back at once is opened ever less often (synced for %s ms)",
    async (syncedMs) => {
      const { server, client } = await watching();
      let longest = 0;
      for (let i = 0; i < 60; i++) {
        server.closeWith(CloseCode.tooSlow);
        await settle();
        const waited = await comeBack(server, client, syncedMs);
        if (i > 0) expect(waited).toBeGreaterThan(0);
        longest = Math.max(longest, waited);
      }
      expect(longest).toBeGreaterThan(4_000);
      expect(longest).toBeLessThanOrEqual(8_000);
    },
  );

  test("before it was connected is opened again with backoff, whatever the code", async () => {
    const server = new ScriptedServer();
    server.greets = false;
    const client = server.client();
    client.watchQuery(LIST, general, () => {});
    await settle();
    server.closeWith(CloseCode.tooSlow);
    await settle();
    expect(await comeBack(server, client)).toBeGreaterThan(0);
  });

  const later = [1001, 1006, CloseCode.internalError, CloseCode.serviceRestart, CloseCode.tooMany, 4999];

  test.each(later)("with code %i is opened again with backoff", async (code) => {
    const { server, client } = await watching();
    server.closeWith(code);
    await settle();
    expect(await comeBack(server, client)).toBeGreaterThan(0);
  });
});

describe("heartbeats", () => {
  test("the client answers the server's, sends its own after silence, and gives up a dead connection", async () => {
    const { server, client } = await watching();
    server.say({ type: "Ping" });
    await settle();
    expect(server.heard("Pong")).toHaveLength(1);
    server.clock.advance(26_000);
    expect(server.heard("Ping")).toHaveLength(1);
    server.say({ type: "Pong" });
    await settle();
    server.clock.advance(30_000);
    expect(server.heard("Ping")).toHaveLength(2);
    expect(client.connectionState().state).toBe("open");
    server.clock.advance(5_000);
    expect(client.connectionState().state).toBe("connecting");
    expect(server.network.pairs).toHaveLength(2);
  });

  test("a page that returns learns within five seconds that the connection is dead", async () => {
    const { server, client } = await watching();
    server.network.last.isStalled = true;
    server.page.comesBack();
    server.clock.advance(4_999);
    expect(client.connectionState().state).toBe("open");
    server.clock.advance(1);
    expect(client.connectionState().state).toBe("connecting");
  });

  test("a page whose browser has lost the network learns within a second that the connection is dead", async () => {
    const { server, client } = await watching();
    server.network.last.isStalled = true;
    server.page.goesOffline();
    server.clock.advance(1_000);
    expect(client.connectionState().state).not.toBe("open");
  });

  test("a server on the same machine is not left when the browser has lost the network", async () => {
    const { server, client } = await watching();
    server.page.goesOffline();
    await settle();
    expect(server.heard("Ping")).toHaveLength(1);
    server.say({ type: "Pong" });
    await settle();
    server.clock.advance(5_000);
    expect(client.connectionState().state).toBe("open");
    expect(server.network.pairs).toHaveLength(1);
  });

  test("an attempt without an answer is given up", async () => {
    const server = new ScriptedServer();
    server.greets = false;
    const client = server.client();
    client.watchQuery(LIST, {}, () => {});
    await settle();
    server.clock.advance(10_000);
    expect(client.connectionState().state).toBe("waiting");
  });
});

describe("a malformed message", () => {
  const mistakes: Record<string, (server: ScriptedServer) => void> = {
    "leads back in time": (server) => server.say({ type: "Transition", at: 0 }),
    "maps a query that says nothing of what it has": (server) => {
      server.say({ type: "Transition", at: 2, refused: [[1, { kind: "badRequest", message: "" }]] });
      server.say({ type: "Transition", at: 3, answers: [{ live: 7, token: "", value: 1 }], maps: [[2, 9]] });
    },
    "holds a value with an unknown tag": (server) =>
      server.say({ type: "Transition", at: 2, answers: [{ live: 7, token: "", value: { $t: ["socks"] } }] }),
  };

  test.each(Object.keys(mistakes))("leads to a resync and changes nothing: one that %s", async (name) => {
    const { server, client, results } = await watching();
    if (name.startsWith("maps")) client.watchQuery("x:other", {}, () => {});
    await settle();
    mistakes[name]?.(server);
    await settle();
    expect(server.network.pairs).toHaveLength(1);
    expect(client.connectionState().state).toBe("waiting");
    expect(results[0]).toEqual([{ id: 1 }]);
    server.clock.advance(8_000);
    await settle();
    expect(client.connectionState().state).toBe("open");
    expect(server.heard("Subscribe")[0]?.queries[0]).toMatchObject({ token: "h1" });
  });

  test("answers of live queries that no query maps to any more are no mistake", async () => {
    const { server, client } = await watching();
    await server.transition({ at: 2, answers: [{ live: 99, token: "x", value: 1 }], maps: [[55, 99]] });
    expect(client.connectionState().state).toBe("open");
  });

  test("a server that always sends malformed messages is connected to less and less often", async () => {
    const { server, client } = await watching();
    for (let i = 0; i < 8; i++) {
      server.say({ type: "Transition", at: 5, maps: [[1, 1]], answers: [{ live: 1, token: "", value: { $t: [] } }] });
      await settle();
      server.clock.advance((client.connectionState().retryAt ?? 0) - server.clock.now());
      await settle();
    }
    expect(server.network.pairs.length).toBe(9);
    server.say({ type: "Transition", at: 5, maps: [[1, 1]], answers: [{ live: 1, token: "", value: { $t: [] } }] });
    await settle();
    expect(client.connectionState().state).toBe("waiting");
  });
});

describe("mutations", () => {
  test("resolve when they have succeeded and are reflected, in either order", async () => {
    const { server, client } = await watching();
    const ended: number[] = [];
    for (const n of [1, 2]) void client.mutation(SEND, {}).then((value) => ended.push(n, value as number));
    await settle();
    server.say({ type: "MutationSucceeded", request: 1, value: 10 });
    await settle();
    expect(ended).toEqual([]);
    await server.transition({ at: 2, reflected: [1, 2] });
    expect(ended).toEqual([1, 10]);
    server.say({ type: "MutationSucceeded", request: 2, value: 20 });
    await settle();
    expect(ended).toEqual([1, 10, 2, 20]);
  });

  test("reject at once with the typed error when they fail", async () => {
    const { server, client } = await watching();
    const errors = [1, 2, 3, 4].map(() => client.mutation(SEND, {}).catch((error: unknown) => error));
    await settle();
    server.say({ type: "MutationFailed", request: 1, error: { kind: "application", data: { code: "closed" } } });
    const issues = [{ path: ["text"], message: "too short" }];
    server.say({ type: "MutationFailed", request: 2, error: { kind: "badRequest", message: "bad", issues } });
    server.say({ type: "MutationFailed", request: 3, error: { kind: "internal", incident: "i-1" } });
    server.say({
      type: "MutationFailed",
      request: 4,
      error: { kind: "unavailable", reason: "overloaded", message: "busy" },
    });
    expect(await Promise.all(errors)).toMatchObject([
      { kind: "application", data: { code: "closed" } },
      { kind: "badRequest", message: "bad", issues },
      { kind: "internal", incident: "i-1", message: expect.stringContaining("i-1") },
      { kind: "unavailable", reason: "overloaded", message: "busy" },
    ]);
  });

  test("are sent with the arguments as they were at the call, also when these are changed later", async () => {
    const server = new ScriptedServer();
    const client = server.client();
    const args = { tags: ["a"] };
    void client.mutation(SEND, args);
    args.tags.push("b");
    await settle();
    expect(server.heard("Mutate")[0]?.args).toEqual({ tags: ["a"] });
  });

  test("never exceed the window or the rate that the server allows", async () => {
    const server = new ScriptedServer();
    server.limits = { ...server.limits, unacknowledgedMutations: 3, messagesPerSecond: 10 };
    const client = server.client();
    for (let n = 1; n <= 40; n++) void client.mutation(SEND, { n });
    await settle();
    expect(server.heard("Mutate").map((mutate) => mutate.request)).toEqual([1, 2, 3]);
    for (let n = 1; n <= 40; n++) {
      server.say({ type: "MutationSucceeded", request: n, value: null });
      await settle();
      if (server.heard("Mutate").length < n + 1) server.clock.advance(100);
      await settle();
    }
    expect(server.heard("Mutate")).toHaveLength(40);
    const started = server.network.last.said[0]?.at ?? 0;
    expect(server.clock.now() - started).toBeGreaterThan(2_000);
  });

  test("that take many bytes wait for the outcomes of those before them, in order; one alone may take more", async () => {
    const server = new ScriptedServer();
    server.limits = { ...server.limits, unacknowledgedBytes: 1_000 };
    const client = server.client();
    const sizes = [600, 600, 10, 2_000, 10];
    for (const size of sizes) void client.mutation(SEND, { text: "x".repeat(size) });
    await settle();
    const sent = () => server.heard("Mutate").map(({ request }) => request);
    expect(sent()).toEqual([1]);
    const afterwards: number[][] = [];
    for (const request of [1, 2, 3, 4]) {
      server.say({ type: "MutationSucceeded", request, value: null });
      await settle();
      afterwards.push(sent());
    }
    expect(afterwards).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3, 4],
      [1, 2, 3, 4, 5],
    ]);
  });

  test("wait while offline, at most a thousand of them", async () => {
    const server = new ScriptedServer();
    server.network.isUp = false;
    const client = server.client();
    const calls = Array.from({ length: 1_000 }, (_, n) => client.mutation(SEND, { n }));
    await settle();
    await expect(client.mutation(SEND, { n: 1_000 })).rejects.toMatchObject({ kind: "unavailable", reason: "notSent" });
    expect(client.connectionState().pendingMutations).toBe(1_000);
    server.network.isUp = true;
    server.clock.advance(60_000);
    await settle();
    expect(server.heard("Mutate").map(({ args }) => args.n)).toEqual(Array.from({ length: 32 }, (_, n) => n));
    for (const call of calls) call.catch(() => {});
    await client.close();
  });

  test("prompt before the page is left while they have not been sent", async () => {
    const { server, client } = await watching();
    void client.mutation(SEND, {}).catch(() => {});
    expect(server.page.asking).toBe(1);
    await settle();
    expect(server.page.asking).toBe(0);
    server.network.cut();
    await settle();
    expect(server.page.asking).toBe(1);
  });

  test("are given up after twelve hours, and the client id with them", async () => {
    const { server, client } = await watching();
    const { clientId } = server.heard("Connect")[0] ?? {};
    const sent = client.mutation(SEND, { n: 1 });
    await settle();
    server.network.isUp = false;
    server.network.cut();
    const unsent = client.mutation(SEND, { n: 2 });
    let outcome: unknown;
    sent.catch((error) => {
      outcome = reasonOf(error);
    });
    server.clock.advance(12 * 60 * 60 * 1_000 - 1);
    await settle();
    expect(outcome).toBeUndefined();
    server.clock.advance(30_000); // the longest time between two attempts
    await settle();
    expect(outcome).toBe("outcomeUnknown");
    server.network.isUp = true;
    server.clock.advance(60_000);
    await settle();
    expect(server.heard("Connect")[0]?.clientId).not.toBe(clientId);
    expect(server.heard("Mutate")).toMatchObject([{ request: 1, args: { n: 2 } }]);
    unsent.catch(() => {});
    await client.close();
  });

  test("of a client id that was idle for twelve hours are sent under a new one", async () => {
    const { server, client } = await watching();
    void client.mutation(SEND, { n: 1 });
    await settle();
    server.say({ type: "MutationSucceeded", request: 1, value: null });
    await server.transition({ at: 2, reflected: [1] });
    const { clientId } = server.heard("Connect")[0] ?? {};
    for (let hour = 0; hour < 24; hour++) {
      for (let half = 0; half < 120; half++) {
        server.clock.advance(30_000);
        server.say({ type: "Ping" });
        await settle();
      }
    }
    expect(server.network.pairs).toHaveLength(1);
    void client.mutation(SEND, { n: 2 });
    await settle();
    expect(server.heard("Connect")[0]?.clientId).not.toBe(clientId);
    expect(server.heard("Mutate")).toMatchObject([{ request: 1, args: { n: 2 } }]);
  });

  test("get a new client id when the page returns after half a day", async () => {
    const { server, client } = await watching();
    void client.mutation(SEND, {});
    await settle();
    server.say({ type: "MutationSucceeded", request: 1, value: null });
    await server.transition({ at: 2, reflected: [1] });
    const { clientId } = server.heard("Connect")[0] ?? {};
    server.network.isUp = false;
    server.network.cut();
    server.clock.advance(12 * 60 * 60 * 1_000);
    server.network.isUp = true;
    server.page.comesBack();
    await settle();
    server.clock.advance(60_000);
    await settle();
    expect(client.connectionState().state).toBe("open");
    expect(server.heard("Connect")[0]?.clientId).not.toBe(clientId);
  });

  test("larger than a frame are refused before they are sent", async () => {
    const { client } = await watching();
    const text = "x".repeat(1024 * 1024);
    await expect(client.mutation(SEND, { text })).rejects.toMatchObject({ kind: "badRequest" });
  });
});

describe("optimistic updates", () => {
  const add = (localStore: OptimisticLocalStore, row: { id: number }) => {
    const rows = localStore.getQuery(LIST as never, general as never) as { id: number }[] | undefined;
    if (rows) localStore.setQuery(LIST as never, general as never, [...rows, row] as never);
  };
  const optimisticUpdate = add as never;

  test("show at once, on top of every later answer, and end in the update that reflects them", async () => {
    const { server, client, results } = await watching();
    const done = client.mutation(SEND, { id: -1 }, { optimisticUpdate });
    expect(results.at(-1)).toEqual([{ id: 1 }, { id: -1 }]);
    await settle();
    await server.transition({ at: 2, answers: [{ live: 7, token: "h2", value: [{ id: 1 }, { id: 2 }] }] });
    expect(results.at(-1)).toEqual([{ id: 1 }, { id: 2 }, { id: -1 }]);
    const rows = [{ id: 1 }, { id: 2 }, { id: 3 }];
    await server.transition({ at: 3, reflected: [1], answers: [{ live: 7, token: "h3", value: rows }] });
    expect(results.at(-1)).toEqual(rows);
    expect(results).toHaveLength(4);
    server.say({ type: "MutationSucceeded", request: 1, value: null });
    await done;
    expect(results).toHaveLength(4);
  });

  test("revert by themselves when the mutation fails, before its caller hears of it", async () => {
    const { server, client, results } = await watching();
    const failed = client.mutation(SEND, { id: -1 }, { optimisticUpdate }).catch(() => results.at(-1));
    await settle();
    server.say({ type: "MutationFailed", request: 1, error: { kind: "internal", incident: "1" } });
    expect(await failed).toEqual([{ id: 1 }]);
  });

  test("that throw are dropped and reported, and touch nothing else", async () => {
    const { server, client, results } = await watching();
    void client.mutation(SEND, { id: -1 }, { optimisticUpdate });
    void client.mutation(
      SEND,
      {},
      {
        optimisticUpdate(localStore) {
          localStore.setQuery(LIST as never, general as never, "half done" as never);
          throw new Error("oops");
        },
      },
    );
    void client.mutation(SEND, { id: -3 }, { optimisticUpdate });
    expect(results.at(-1)).toEqual([{ id: 1 }, { id: -1 }, { id: -3 }]);
    expect(results).not.toContain("half done");
    expect(server.clock.lines).toMatchObject([{ level: "error", message: expect.stringContaining("oops") }]);
    await settle();
    expect(server.heard("Mutate")).toHaveLength(3);
    await server.transition({ at: 2, answers: [{ live: 7, token: "h2", value: [] }] });
    expect(server.clock.lines).toHaveLength(1);
  });

  test("see every query of a function, and values that are frozen", async () => {
    const { client } = await watching();
    let all: unknown;
    let change: unknown;
    void client.mutation(
      SEND,
      {},
      {
        optimisticUpdate(localStore) {
          all = localStore.getAllQueries(LIST as never);
          const rows = localStore.getQuery(LIST as never, general as never) as unknown as { id: number }[];
          try {
            (rows[0] as { id: number }).id = 5;
          } catch (error) {
            change = error;
          }
        },
      },
    );
    expect(all).toEqual([{ args: general, value: [{ id: 1 }] }]);
    expect(change).toBeInstanceOf(TypeError);
  });
});

type Untyped = (query: string, args: Record<string, unknown>, value: unknown) => void;

describe("the identity", () => {
  test("under another identity no answer of the old one is shown, and no mutation is sent under the new one", async () => {
    const server = new ScriptedServer();
    server.identity = "alice";
    const client = server.client();
    const results: unknown[] = [];
    client.watchQuery(LIST, general, (result) => results.push(result.data));
    const sent = client.mutation(SEND, { n: 1 }).catch(reasonOf);
    await settle();
    await server.transition({ at: 1, maps: [[1, 7]], answers: [{ live: 7, token: "h1", value: "alice's" }] });
    const { clientId } = server.heard("Connect")[0] ?? {};
    server.network.cut();
    const unsent = client.mutation(SEND, { n: 2 }).catch(reasonOf);
    server.identity = "bob";
    server.clock.advance(10_000);
    await settle();
    expect(await sent).toBe("outcomeUnknown");
    expect(await unsent).toBe("identityChanged");
    expect(results.at(-1)).toBeUndefined();
    expect(server.heard("Connect")[0]?.clientId).not.toBe(clientId);
    expect(server.network.pairs.flatMap((pair) => pair.saidByClient).filter((m) => m.type === "Mutate")).toHaveLength(
      1,
    );
    expect(server.heard("Subscribe")[0]?.queries[0]).not.toHaveProperty("token");
    expect(server.network.pairs).toHaveLength(3);
  });

  test("no optimistic update of the old one is shown from the moment on that the connection is another's", async () => {
    const server = new ScriptedServer();
    server.identity = "alice";
    const client = server.client();
    const results: unknown[] = [];
    client.watchQuery(LIST, general, () => {});
    await settle();
    await server.transition({ at: 1, maps: [[1, 7]], answers: [{ live: 7, token: "h1", value: "alice's" }] });
    server.network.cut();
    const guess = (store: OptimisticLocalStore) => (store.setQuery as Untyped)(LIST, general, "alice's guess");
    client.mutation(SEND, { n: 1 }, { optimisticUpdate: guess as never }).catch(() => {});
    client.subscribeToConnectionState(() => {
      if (client.connectionState().state === "open") results.push(client.sync.result(keyOf(LIST, general)).data);
    });
    server.identity = "bob";
    server.clock.advance(10_000);
    await settle();
    expect(results.length).toBeGreaterThan(0);
    expect(results).not.toContain("alice's guess");
  });

  test("refreshIdentity connects again, once", async () => {
    const { server, client, results } = await watching();
    client.refreshIdentity();
    await settle();
    expect(server.network.pairs).toHaveLength(2);
    expect(client.connectionState().state).toBe("open");
    await server.transition({ at: 1, maps: [[1, 2]] });
    expect(results).toEqual([[{ id: 1 }]]);
  });
});

describe("actions", () => {
  test("run once: a sent one is rejected when the connection breaks, an unsent one is sent later", async () => {
    const { server, client } = await watching();
    const done = client.action("jobs:run", { n: 1 });
    await settle();
    const [act] = server.heard("Act");
    server.say({ type: "ActionSucceeded", request: act?.request ?? 0, value: { $t: ["bigint", "5"] } });
    await expect(done).resolves.toBe(5n);
    const lost = client.action("jobs:run", { n: 2 }).catch(reasonOf);
    await settle();
    server.network.cut();
    expect(await lost).toBe("outcomeUnknown");
    const later = client.action("jobs:run", { n: 3 });
    later.catch(() => {});
    server.clock.advance(10_000);
    await settle();
    expect(server.heard("Act")).toMatchObject([{ args: { n: 3 } }]);
  });
});

describe("limits", () => {
  test("queries beyond the server's limit fail until there is room; unwatched ones make room", async () => {
    const server = new ScriptedServer();
    server.limits = { ...server.limits, subscriptions: 2 };
    const client = server.client();
    const stop = client.watchQuery("x:a", {}, () => {});
    client.watchQuery("x:b", {}, () => {});
    await settle();
    const seen: unknown[] = [];
    client.watchQuery("x:c", {}, ({ error, data }) => seen.push(error?.kind ?? data));
    await settle();
    expect(seen).toEqual(["unavailable"]);
    stop();
    client.watchQuery("x:d", {}, () => {});
    await settle();
    expect(server.heard("Unsubscribe")).toEqual([{ type: "Unsubscribe", queries: [1] }]);
    expect(server.heard("Subscribe")[1]?.queries).toMatchObject([{ query: 3, path: "x:c" }]);
    await server.transition({ at: 1, maps: [[3, 5]], answers: [{ live: 5, token: "c", value: "there" }] });
    expect(seen).toEqual(["unavailable", "there"]);
  });

  test("a query whose arguments fill a frame fails alone", async () => {
    const { server, client } = await watching();
    const seen: unknown[] = [];
    client.watchQuery("x:big", { text: "x".repeat(1024 * 1024) }, ({ error }) => seen.push(error?.kind));
    client.watchQuery("x:small", {}, () => {});
    await settle();
    expect(seen).toEqual(["badRequest"]);
    expect(server.heard("Subscribe").at(-1)?.queries).toMatchObject([{ path: "x:small" }]);
  });
});

describe("a query that is run once", () => {
  test("returns the server's result, or throws its error", async () => {
    const { server, client } = await watching();
    await expect(client.query(LIST, general)).resolves.toEqual([{ id: 1 }]);
    await server.reconnect();
    const fresh = client.query(LIST, general);
    const other = client.query("x:fails");
    await settle();
    await server.transition({ at: 4, maps: [[1, 1]], refused: [[2, { kind: "badRequest", message: "No." }]] });
    await expect(fresh).resolves.toEqual([{ id: 1 }]);
    await expect(other).rejects.toMatchObject({ kind: "badRequest" });
  });

  test("is waited for by one promise, and watched until it is answered", async () => {
    const server = new ScriptedServer();
    const { sync } = server.client();
    const key = keyOf(LIST, general);
    const answered = sync.answered(key);
    expect(sync.answered(key)).toBe(answered);
    await settle();
    server.clock.advance(UNMOUNT_GRACE);
    await server.transition({ at: 1, maps: [[1, 7]], answers: [{ live: 7, token: "h1", value: [] }] });
    await answered;
    await sync.answered(key); // as it is answered already
    expect(server.heard("Unsubscribe")).toEqual([]);
    server.clock.advance(UNMOUNT_GRACE);
    await settle();
    expect(server.heard("Unsubscribe")).toEqual([{ type: "Unsubscribe", queries: [1] }]);
  });

  test("names the mistake when the function is not one", async () => {
    const { client } = await watching();
    await expect(client.query("messages")).rejects.toThrow('"messages:send". Found: "messages"');
  });
});

describe("a closed client", () => {
  test("rejects calls that have not ended, and leaves no timer, socket or listener", async () => {
    const { server, client, stop } = await watching();
    const sent = client.mutation(SEND, { n: 1 }).catch(reasonOf);
    await settle();
    const mutation = client.mutation(SEND, { n: 2 }).catch(reasonOf);
    const query = client.query("x:never").catch(reasonOf);
    const action = client.action("x:act").catch(reasonOf);
    await client.close();
    stop();
    expect(await sent).toBe("outcomeUnknown");
    expect(await Promise.all([mutation, query, action])).toEqual(["notSent", "notSent", "notSent"]);
    const closed = { kind: "unavailable", reason: "notSent" };
    await expect(client.mutation(SEND, {})).rejects.toMatchObject(closed);
    await expect(client.query(LIST, general)).rejects.toMatchObject(closed);
    await settle();
    expect(server.network.last.isOpen).toBe(false);
    expect(server.clock.waiting).toBe(0);
    expect(server.page.listeners).toBe(0);
    expect(server.page.asking).toBe(0);
  });

  test("that was only released disconnects when nothing is left, and connects when it is used again", async () => {
    const { server, client, stop } = await watching();
    client.sync.hold()();
    stop();
    await settle();
    expect(server.network.last.isOpen).toBe(true);
    server.clock.advance(5_000);
    await settle();
    expect(server.network.last.isOpen).toBe(false);
    expect(server.clock.waiting).toBe(0);
    client.watchQuery(LIST, general, () => {});
    await settle();
    expect(server.network.last.isOpen).toBe(true);
    expect(server.heard("Subscribe")[0]?.queries[0]).toMatchObject({ token: "h1" });
  });
});

function reasonOf(error: FunctionError): unknown {
  return error.kind === "unavailable" ? error.reason : error;
}

function firstKey(_client: unknown) {
  return `${LIST}${JSON.stringify(general)}` as never;
}
