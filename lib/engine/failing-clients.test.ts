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

const client = () => scene.client();
const call = (kind: "query" | "mutation", path: string, args = {}) =>
  scene.engine.call({ kind, path, args, caller: null });
const rest = () => scene.rest();

async function watching(...paths: string[]): Promise<WireClient> {
  const watcher = client();
  for (const [i, path] of paths.entries()) watcher.subscribe(i + 1, path);
  await watcher.until(() => paths.every((_, i) => watcher.value(i + 1) !== undefined));
  return watcher;
}

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
      await watching("numbers:count"),
      await watching("numbers:count"),
      await watching("numbers:count"),
    ];
    const [first, broken, last] = watchers as [WireClient, WireClient, WireClient];
    breaks(broken, "Transition");
    await call("mutation", "numbers:add");
    await rest();
    expect([first.value(1), last.value(1)]).toEqual([1, 1]);
    expect(broken.closedWith?.code).toBe(CloseCode.internalError);
    expect([first, last].map(({ closedWith }) => closedWith)).toEqual([undefined, undefined]);
    expect(scene.clock.lines.filter(({ level }) => level === "error")).toHaveLength(1);
    // The server goes on, and the client that was closed can connect again.
    await call("mutation", "numbers:add");
    const back = await watching("numbers:count");
    expect([first.value(1), last.value(1), back.value(1)]).toEqual([2, 2, 2]);
  });

  test("is forgotten even if its socket cannot be closed", async () => {
    const broken = await watching("numbers:count");
    const other = await watching("numbers:count");
    breaks(broken, "Transition", true);
    await call("mutation", "numbers:add");
    await call("mutation", "numbers:add");
    await rest();
    expect(other.value(1)).toBe(2);
    // One error for the send, one for the close; nothing more is sent to it.
    expect(scene.clock.lines.filter(({ level }) => level === "error")).toHaveLength(2);
  });

  test("leaves calls of the same batch their answers", async () => {
    breaks(await watching("numbers:count"), "Transition");
    counted++;
    await call("mutation", "numbers:add");
    const answer = await Promise.race([call("query", "numbers:count"), rest().then(rest)]);
    expect(answer).toEqual({ ok: true, value: 2 });
  });

  test("leaves the queries that have left the batch theirs", async () => {
    const slow = await watching("numbers:slowCount");
    breaks(await watching("numbers:count"), "Transition");
    slowRun = Promise.withResolvers();
    await call("mutation", "numbers:add", { slow: true });
    await rest();
    scene.clock.advance(scene.engine.limits.slowQueryMs);
    await rest();
    slowRun.resolve();
    await rest();
    expect(slow.value(1)).toBe(1);
  });

  test("does not keep others from a reply, a question whether they are there, or a notice", async () => {
    const [broken, other] = [client(), client()];
    for (const type of ["MutationSucceeded", "Ping", "Notice"] as const) breaks(broken, type);
    scene.engine.notice("Look here.");
    expect(broken.closedWith?.code).toBe(CloseCode.internalError);
    expect(other.ofType("Notice")).toHaveLength(1);
    const silent = client();
    breaks(silent, "Ping");
    scene.clock.advance(scene.engine.limits.pingIntervalMs + 200);
    expect(silent.closedWith?.code).toBe(CloseCode.internalError);
    expect(other.ofType("Ping")).toHaveLength(1);
  });
});
