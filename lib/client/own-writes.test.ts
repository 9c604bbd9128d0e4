import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { EngineScene } from "../../tests/support/engine-scene.ts";
import { ScriptedPage } from "../../tests/support/scripted-server.ts";
import { mutation, query } from "../entries/server.ts";
import type { FunctionReference } from "../functions/reference.ts";
import { SocketNetwork } from "../testing/socket-pair.ts";
import { ConvexClient } from "./convex-client.ts";

/** What is stored. A run reads it when it begins, as from a snapshot. */
let stored: number[] = [];
/** How long a run of the slow query takes, in milliseconds. */
let takes: number;
let scene: EngineScene;
let network: SocketNetwork;
let clients: ConvexClient[];

const list = query({ handler: async () => stored });
const slow = query({
  args: z.object({ n: z.number() }),
  handler: async () => {
    const read = stored.length;
    await new Promise<void>((resolve) => scene.clock.after(takes, resolve));
    return read;
  },
});
const add = mutation({
  args: z.object({ touchesSlow: z.boolean().default(true) }),
  handler: async ({ scheduler }, { touchesSlow }) => {
    stored = [...stored, stored.length];
    await scheduler.invalidate(list);
    if (touchesSlow) await scheduler.invalidate(slow);
  },
});

type List = FunctionReference<"query", "public", Record<string, never>, number[]>;
const LIST = "rows:list" as unknown as List;

function client(): ConvexClient {
  const { webSocketConstructor } = network;
  const options = { environment: scene.clock, page: new ScriptedPage(), webSocketConstructor };
  const made = new ConvexClient("http://test", options);
  clients.push(made);
  return made;
}

/** Lets time pass in small steps, with all that happens meanwhile. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    scene.clock.advance(50);
    await scene.rest();
  }
}

/** What the client shows of the slow query, as it changes: its value, or the kind of its error. */
function watchSlow(by: ConvexClient, n: number): unknown[] {
  const shown: unknown[] = [];
  by.watchQuery("rows:slow", { n }, ({ data, error }) => shown.push(error ? error.kind : data));
  return shown;
}

/** Calls the mutation. `isDone` says whether it has resolved. */
function call(by: ConvexClient, args = {}): { isDone: boolean } {
  const called = { isDone: false };
  void by.mutation("rows:add", args).then(() => {
    called.isDone = true;
  });
  return called;
}

beforeEach(() => {
  stored = [];
  takes = 400;
  clients = [];
  scene = new EngineScene({ rows: { list, slow, add } });
  network = new SocketNetwork(scene.clock, (socket) => scene.engine.opened(socket, null));
});

afterEach(async () => {
  for (const each of clients) await each.close();
  await pass(takes);
  await scene.close();
  expect(scene.clock.waiting).toBe(0);
});

describe("mutate(), called while a query that is watched has no answer yet,", () => {
  test("resolves when that query shows the write", async () => {
    const alice = client();
    const shown = watchSlow(alice, 1);
    const called = call(alice);
    await pass(200);
    expect([called.isDone, shown]).toEqual([false, []]);
    for (let waited = 0; !called.isDone && waited < 2_000; waited += 50) await pass(50);
    expect([called.isDone, shown]).toEqual([true, [1]]);
  });

  test("resolves with the error of a query that takes too long", async () => {
    takes = 20_000;
    const alice = client();
    const shown = watchSlow(alice, 1);
    const called = call(alice, { touchesSlow: false });
    await pass(9_900);
    expect([called.isDone, shown]).toEqual([false, []]);
    await pass(200);
    expect([called.isDone, shown]).toEqual([true, ["unavailable"]]);
  });

  test("does not wait for queries that are watched later, however many come", async () => {
    const alice = client();
    const first = watchSlow(alice, 0);
    const called = call(alice);
    await scene.rest();
    const later: unknown[][] = [];
    for (let n = 1; n <= 40 && !called.isDone; n++) {
      later.push(watchSlow(alice, n));
      await pass(50);
    }
    expect(called.isDone).toBe(true);
    expect(first).toEqual([1]);
    expect(later.at(-1)).toEqual([]);
  });

  test("waits no longer than a query may take, though its write makes the query run anew", async () => {
    takes = 20_000;
    const alice = client();
    const shown = watchSlow(alice, 1);
    const called = call(alice);
    await pass(9_900);
    expect([called.isDone, shown]).toEqual([false, []]);
    await pass(200);
    expect([called.isDone, shown]).toEqual([true, []]);
  });

  test("resolves at once when that query is watched no longer", async () => {
    takes = 5_000;
    const alice = client();
    const stop = alice.watchQuery("rows:slow", { n: 1 }, () => {});
    const called = call(alice);
    await scene.rest();
    stop();
    await pass(5_000); // the page keeps a query for so long that it watches no more
    expect(called.isDone).toBe(true);
  });

  test("shows what it has written once, also while it waits", async () => {
    const alice = client();
    const shown: (number[] | undefined)[] = [];
    alice.watchQuery(LIST, {}, ({ data }) => shown.push(data));
    await scene.rest();
    watchSlow(alice, 1);
    const called = alice.mutation(
      "rows:add",
      {},
      {
        optimisticUpdate: (store) => store.setQuery(LIST, {}, [...(store.getQuery(LIST, {}) ?? []), 0]),
      },
    );
    await pass(1_000);
    await called;
    expect(shown.every((rows) => (rows ?? []).length <= 1)).toBe(true);
    expect(shown.at(-1)).toEqual([0]);
  });
});

test("mutate() resolves before its client leaves a server that stops", async () => {
  takes = 20_000;
  const alice = client();
  watchSlow(alice, 1);
  const called = call(alice);
  await pass(300);
  expect(called.isDone).toBe(false);
  const drained = scene.engine.drain();
  await scene.rest();
  expect(called.isDone).toBe(true);
  await pass(takes);
  await drained;
});

test("mutate() that fails is not kept waiting by a query without an answer", async () => {
  takes = 20_000;
  const alice = client();
  watchSlow(alice, 1);
  let kind: string | undefined;
  void alice.mutation("rows:add", { unknown: 1 }).catch((error) => {
    kind = error.kind;
  });
  await scene.rest();
  expect(kind).toBe("badRequest");
});
