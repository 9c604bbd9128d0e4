import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { EngineScene } from "../../tests/support/engine-scene.ts";
import type { WireClient } from "../../tests/support/wire-client.ts";
import { createFunctions } from "../functions/define.ts";
import { CloseCode } from "../protocol/close-codes.ts";
import type { ServerMessage } from "../protocol/server-message.ts";

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
const add = mutation({
  args: z.object({ slow: z.boolean().default(false) }),
  handler: async ({ scheduler }, { slow }) => {
    counted++;
    await scheduler.invalidate(count);
    if (slow) await scheduler.invalidate(slowCount);
  },
});

let scene: EngineScene;

beforeEach(() => {
  counted = 0;
  slowRun = Promise.withResolvers();
  slowRun.resolve();
  scene = new EngineScene({ numbers: { count, slowCount, add } });
});

afterEach(async () => {
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
