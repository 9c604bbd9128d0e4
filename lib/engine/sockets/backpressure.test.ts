import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { EngineScene } from "../../../tests/support/engine-scene.ts";
import { createFunctions } from "../../functions/define.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import { defaultLimits } from "../run/limits.ts";
import { Backpressure } from "./backpressure.ts";

const { pauseAboveBytes, dropAboveBytes, dropAfterMs } = defaultLimits;

describe("a client that reads too slowly", () => {
  const reader = () => new Backpressure(defaultLimits);

  test("is sent nothing until it has read nearly everything", () => {
    expect(reader().keepsUp(pauseAboveBytes)).toBe(true);
    expect(reader().keepsUp(pauseAboveBytes + 1)).toBe(false);
  });

  test("is disconnected above the limit of unread bytes, one large frame aside", () => {
    const slow = reader();
    expect(slow.isOverwhelmed(dropAboveBytes)).toBe(false);
    expect(slow.isOverwhelmed(dropAboveBytes + 1)).toBe(true);
    slow.sent("x".repeat(2 * dropAboveBytes));
    expect(slow.isOverwhelmed(2 * dropAboveBytes)).toBe(false);
    // What is sent after the large one makes it no smaller.
    slow.sent('{"type":"Pong"}');
    expect(slow.isOverwhelmed(2 * dropAboveBytes)).toBe(false);
    expect(slow.isOverwhelmed(3 * dropAboveBytes + 1)).toBe(true);
    slow.keepsUp(0);
    expect(slow.isOverwhelmed(2 * dropAboveBytes)).toBe(true);
  });

  test("has its large frames counted in bytes, not in characters", () => {
    const slow = reader();
    slow.sent("語".repeat(dropAboveBytes / 2));
    expect(slow.isOverwhelmed(dropAboveBytes + 1.5 * dropAboveBytes)).toBe(false);
    expect(slow.isOverwhelmed(dropAboveBytes + 1.5 * dropAboveBytes + 1)).toBe(true);
  });

  test("is disconnected when it reads nothing for too long; each byte that it reads starts the time anew", () => {
    const slow = reader();
    const look = 50;
    const readsNothing = (from: number, ms: number, buffered: number) => {
      let isStuck = false;
      for (let at = from; at <= from + ms; at += look) isStuck = slow.isStuck(buffered, at);
      return isStuck;
    };
    expect(readsNothing(0, dropAfterMs - look, 5_000_000)).toBe(false);
    expect(readsNothing(dropAfterMs, dropAfterMs - look, 4_999_999)).toBe(false);
    expect(readsNothing(2 * dropAfterMs, look, 4_999_999)).toBe(true);
  });

  test("is not disconnected because the clock jumps", () => {
    const slow = reader();
    expect(slow.isStuck(5_000_000, 0)).toBe(false);
    expect(slow.isStuck(5_000_000, 3_600_000)).toBe(false);
    expect(slow.isStuck(5_000_000, -3_600_000)).toBe(false);
  });
});

describe("the queries of a client that reads nothing", () => {
  const { query, mutation } = createFunctions<Record<string, never>>();
  let count = 0;
  const read = query({ handler: () => count });
  const add = mutation({
    handler: async ({ scheduler }) => {
      count++;
      await scheduler.invalidate(read, {});
    },
  });

  test("are not run for it, and are run once it has read", async () => {
    await using scene = new EngineScene({ counter: { read, add } });
    const slow = await scene.watching("counter:read");
    slow.bufferedAmount = pauseAboveBytes + 1;
    const { queryRuns } = scene.engine.counters;
    for (let i = 0; i < 5; i++) await scene.mutation("counter:add");
    await scene.rest();
    expect(scene.engine.counters.queryRuns).toBe(queryRuns);

    slow.bufferedAmount = 0;
    scene.clock.advance(50);
    await slow.until(() => slow.value(1) === count);
    expect(scene.engine.counters.queryRuns).toBe(queryRuns + 1);
  });

  test("are run for others, and it is closed when it goes on like that", async () => {
    await using scene = new EngineScene({ counter: { read, add } });
    const slow = await scene.watching("counter:read");
    const quick = await scene.watching("counter:read");
    slow.bufferedAmount = pauseAboveBytes + 1;
    await scene.mutation("counter:add");
    await quick.until(() => quick.value(1) === count);
    await scene.timePasses(dropAfterMs + 5_000);
    expect(slow.closedWith?.code).toBe(CloseCode.tooSlow);
  });

  test("alone are no reason to keep it: it is closed all the same", async () => {
    await using scene = new EngineScene({ counter: { read, add } });
    const slow = await scene.watching("counter:read");
    slow.bufferedAmount = pauseAboveBytes + 1;
    await scene.mutation("counter:add");
    await scene.timePasses(dropAfterMs + 5_000);
    expect(slow.closedWith?.code).toBe(CloseCode.tooSlow);
  });
});

describe("what cannot wait until a client has read", () => {
  const { action, mutation } = createFunctions<Record<string, never>>();
  const functions = {
    reports: {
      make: action({ args: z.object({}), handler: () => "a report" }),
      huge: action({ handler: () => "語".repeat(defaultLimits.resultBytes / 2) }),
      file: mutation({ handler: () => null }),
    },
  };
  let scene: EngineScene;
  beforeEach(() => {
    scene = new EngineScene(functions);
  });
  afterEach(() => scene.close());
  const act = (request: number, path: string) => ({ type: "Act", request, path, args: {} }) as const;

  test("is sent to one that is paused, but not to one that has far too much to read", async () => {
    const paused = scene.client();
    paused.bufferedAmount = pauseAboveBytes + 1;
    paused.say(act(1, "reports:make"));
    await paused.until(() => paused.ofType("ActionSucceeded").length === 1);

    const full = scene.client();
    full.bufferedAmount = 2 * dropAboveBytes;
    full.say(act(1, "reports:make"));
    await full.until(() => full.closedWith !== undefined);
    expect(full.closedWith?.code).toBe(CloseCode.tooSlow);
    expect(full.ofType("ActionSucceeded")).toEqual([]);
  });

  test("is no result of an action beyond the limit of results", async () => {
    const asking = scene.client();
    asking.say(act(1, "reports:huge"));
    await asking.until(() => asking.ofType("ActionFailed").length === 1);
    expect(asking.ofType("ActionFailed")[0]?.error.kind).toBe("internal");
  });
});
