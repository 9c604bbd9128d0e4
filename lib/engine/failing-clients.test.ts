import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { EngineScene } from "../../tests/support/engine-scene.ts";
import type { WireClient } from "../../tests/support/wire-client.ts";
import { createFunctions } from "../functions/define.ts";
import { CloseCode } from "../protocol/close-codes.ts";
import type { ServerMessage } from "../protocol/server-message.ts";
import { PreloadLeases } from "./queries/preload-leases.ts";
import { SocketWriter } from "./sockets/socket-writer.ts";
import { ClientView } from "./views/client-view.ts";
import { ReflectedMutations } from "./views/reflected-mutations.ts";
import { Subscriptions } from "./views/subscriptions.ts";

const { query, mutation } = createFunctions<Record<string, never>>();

let counted: number;
/** The slow query's next run waits for it. */
let slowRun: PromiseWithResolvers<void>;
const count = query({ handler: async () => counted });
const slowCount = query({
  handler: async () => {
    const before = counted;
    await slowRun.promise;
    return before;
  },
});
let readsIdentity: boolean;
const mine = query({
  handler: async ({ auth }) => (readsIdentity ? await auth.getUserIdentity() : counted),
});
const add = mutation({
  args: z.object({ slow: z.boolean().default(false) }),
  handler: async ({ scheduler }, { slow }) => {
    counted++;
    await scheduler.invalidate(count);
    await scheduler.invalidate(mine);
    if (slow) await scheduler.invalidate(slowCount);
  },
});

let scene: EngineScene;

beforeEach(() => {
  counted = 0;
  readsIdentity = false;
  slowRun = Promise.withResolvers();
  slowRun.resolve();
  scene = new EngineScene({ numbers: { count, slowCount, mine, add } });
});

afterEach(async () => {
  vi.restoreAllMocks();
  slowRun.resolve();
  await scene.close();
});

/** Makes its socket throw when a message of this type is sent, and with `close` when it is closed. */
function breaks(watcher: WireClient, type: ServerMessage["type"], close = false): void {
  const { send } = watcher;
  watcher.send = (frame) => {
    if (frame.text.startsWith(`{"type":"${type}"`)) throw new RangeError("Invalid string length");
    send.call(watcher, frame);
  };
  if (!close) return;
  watcher.close = () => {
    throw new Error("It cannot be closed either.");
  };
}

describe("a client that cannot be told what it is due", () => {
  test("is closed, and the others are told, before and after it in order", async () => {
    const watchers = [
      await scene.watching("numbers:count"),
      await scene.watching("numbers:count"),
      await scene.watching("numbers:count"),
    ];
    const [first, broken, last] = watchers as [WireClient, WireClient, WireClient];
    breaks(broken, "Transition");
    await scene.mutation("numbers:add");
    await scene.rest();
    expect([first.value(1), last.value(1)]).toEqual([1, 1]);
    expect(broken.closedWith?.code).toBe(CloseCode.internalError);
    expect([first, last].map(({ closedWith }) => closedWith)).toEqual([undefined, undefined]);
    expect(scene.clock.lines.filter(({ level }) => level === "error")).toHaveLength(1);
    // The server goes on, and the client that was closed can connect again.
    await scene.mutation("numbers:add");
    const back = await scene.watching("numbers:count");
    expect([first.value(1), last.value(1), back.value(1)]).toEqual([2, 2, 2]);
  });

  test("is forgotten even if its socket cannot be closed", async () => {
    const broken = await scene.watching("numbers:count");
    const other = await scene.watching("numbers:count");
    breaks(broken, "Transition", true);
    await scene.mutation("numbers:add");
    await scene.mutation("numbers:add");
    await scene.rest();
    expect(other.value(1)).toBe(2);
    // One error for the send, one for the close; nothing more is sent to it.
    expect(scene.clock.lines.filter(({ level }) => level === "error")).toHaveLength(2);
  });

  test("leaves calls of the same batch their answers", async () => {
    breaks(await scene.watching("numbers:count"), "Transition");
    counted++;
    await scene.mutation("numbers:add");
    const answer = await Promise.race([scene.query("numbers:count"), scene.rest().then(scene.rest)]);
    expect(answer).toEqual({ ok: true, value: 2 });
  });

  test("leaves the queries that have left the batch theirs", async () => {
    const slow = await scene.watching("numbers:slowCount");
    breaks(await scene.watching("numbers:count"), "Transition");
    slowRun = Promise.withResolvers();
    await scene.mutation("numbers:add", { slow: true });
    await scene.rest();
    scene.clock.advance(scene.engine.limits.slowQueryMs);
    await scene.rest();
    slowRun.resolve();
    await scene.rest();
    expect(slow.value(1)).toBe(1);
  });

  test("does not keep others from a reply, a question whether they are there, or a notice", async () => {
    const [broken, other] = [scene.client(), scene.client()];
    for (const type of ["MutationSucceeded", "Ping", "Notice"] as const) breaks(broken, type);
    scene.engine.notice("Look here.");
    expect(broken.closedWith?.code).toBe(CloseCode.internalError);
    expect(other.ofType("Notice")).toHaveLength(1);
    const silent = scene.client();
    breaks(silent, "Ping");
    scene.clock.advance(scene.engine.limits.pingIntervalMs + 200);
    expect(silent.closedWith?.code).toBe(CloseCode.internalError);
    expect(other.ofType("Ping")).toHaveLength(1);
  });
});

describe("what fails in serving one client ends with that client,", () => {
  const add = (slow = false) => scene.mutation("numbers:add", { slow });
  /** Two clients watch these. */
  const two = async (...paths: string[]): Promise<[WireClient, WireClient]> => [
    await scene.watching(...paths),
    await scene.watching(...paths),
  ];
  /** Fails once: for the client that is served first. */
  const fails = <T extends object>(part: T, method: keyof T) =>
    vi.spyOn(part as Record<string, () => unknown>, method as string).mockImplementationOnce(() => {
      throw new Error("A fault of the server's own.");
    });
  const codes = (clients: WireClient[]) => clients.map(({ closedWith }) => closedWith?.code);
  const endsAlone = (clients: WireClient[]) => {
    expect(codes(clients)).toEqual([CloseCode.internalError, undefined]);
    expect(scene.clock.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  };

  test("when it is told that an answer has changed", async () => {
    const clients = await two("numbers:count");
    fails(Subscriptions.prototype, "change");
    await add();
    await scene.rest();
    endsAlone(clients);
    expect(clients[1].value(1)).toBe(1);
  });

  test("when it is looked whether a slow query keeps it where it is", async () => {
    const clients = await two("numbers:slowCount", "numbers:count");
    slowRun = Promise.withResolvers();
    await add(true);
    await scene.rest();
    fails(Subscriptions.prototype, "showing");
    scene.clock.advance(scene.engine.limits.slowQueryMs);
    await scene.rest();
    slowRun.resolve();
    await scene.rest();
    endsAlone(clients);
    expect([clients[1].value(1), clients[1].value(2)]).toEqual([1, 1]);
  });

  test("when it gets a live query of its own", async () => {
    const clients: [WireClient, WireClient] = [scene.client("ines"), scene.client("tomasz")];
    const first = await scene.watching("numbers:mine");
    for (const client of clients) client.subscribe(1, "numbers:mine");
    await scene.rest();
    readsIdentity = true;
    fails(Subscriptions.prototype, "of");
    await add();
    await scene.rest();
    endsAlone(clients);
    expect([first.value(1), clients[1].value(1)]).toEqual([null, { subject: "tomasz" }]);
  });

  test("when its mutations are looked up after a reconnect", async () => {
    fails(ReflectedMutations.prototype, "lookedUp");
    const clients = [scene.client(), scene.client()].map((client) => scene.again(client, { undecided: [1] }));
    for (const client of clients) client.subscribe(1, "numbers:count");
    await scene.rest();
    endsAlone(clients);
    expect(clients[1]?.value(1)).toBe(0);
  });

  test("when the functions are replaced", async () => {
    const clients = await two("numbers:count");
    fails(Subscriptions.prototype, "all");
    scene.engine.useFunctions({ numbers: { count: query({ handler: async () => "new" }) } }, {});
    await scene.rest();
    endsAlone(clients);
    expect(clients[1].value(1)).toBe("new");
  });

  test("when it is asked whether it is there", async () => {
    const clients = await two("numbers:count");
    fails(SocketWriter.prototype, "send");
    scene.clock.advance(scene.engine.limits.pingIntervalMs + 200);
    endsAlone(clients);
    expect(clients[1].ofType("Ping")).toHaveLength(1);
  });

  test("when it is told to leave", async () => {
    const clients = await two("numbers:count");
    fails(ClientView.prototype, "releaseReplies");
    await scene.engine.drain();
    endsAlone(clients);
    expect(clients[1].ofType("Draining")).toHaveLength(1);
  });

  test("when its socket is closed with all others", async () => {
    const clients = await two("numbers:count");
    fails(ClientView.prototype, "close");
    await scene.engine.close();
    expect(codes(clients)[1]).toBe(CloseCode.serviceRestart);
    expect(scene.clock.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  });

  test("or that call: others of the batch are answered", async () => {
    fails(PreloadLeases.prototype, "hold");
    const pages = ["numbers:count", "numbers:count"].map((path) => scene.engine.preload(path, {}, null));
    expect(await Promise.all([...pages, scene.query("numbers:count")])).toMatchObject([
      { ok: false, error: { kind: "internal" } },
      { ok: true },
      { ok: true, value: 0 },
    ]);
  });
});
