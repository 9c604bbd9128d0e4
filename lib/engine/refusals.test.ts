import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { noDatabase } from "../../tests/support/databases/no-database.ts";
import { EngineScene } from "../../tests/support/engine-scene.ts";
import type { Driver } from "../database/driver/driver.ts";
import { createFunctions } from "../functions/define.ts";
import { CloseCode } from "../protocol/close-codes.ts";

const { query, mutation, internalQuery } = createFunctions<Record<string, never>>();
const functions = {
  messages: {
    list: query({ args: z.object({ channel: z.string() }), handler: () => [] }),
    send: mutation({ handler: () => null }),
    secret: internalQuery({ handler: () => "secret" }),
  },
};

let scene: EngineScene<Driver>;
beforeEach(() => {
  scene = new EngineScene(functions, { driver: noDatabase });
});
afterEach(() => scene.close());

describe("a message that is refused", () => {
  test.each<[string, string, number]>([
    ["is no JSON", "{", CloseCode.badMessage],
    ["is no message", '{"type":"Hello"}', CloseCode.badMessage],
    ["is nested too deeply", "[".repeat(1000), CloseCode.tooLarge],
    [
      "names more queries than a client can have",
      `{"type":"Unsubscribe","queries":[${"1,".repeat(1_000)}1]}`,
      CloseCode.badMessage,
    ],
    ["is too large", `"${"x".repeat(1024 * 1024)}"`, CloseCode.tooLarge],
  ])("because it %s closes the socket with its code", (_, text, code) => {
    const refused = scene.client();
    refused.sayText(text);
    expect(refused.closedWith?.code).toBe(code);
  });

  test("is told in as many bytes as a close frame holds, however long its own words are", () => {
    const counting = vi.spyOn(Buffer, "byteLength");
    for (const letter of ["k", "é", "語", "😀"]) {
      const refused = scene.client();
      refused.sayText(JSON.stringify({ type: "Ping", [letter.repeat(250_000)]: 1 }));
      expect(refused.closedWith?.code).toBe(CloseCode.badMessage);
      expect(Buffer.from(refused.closedWith?.reason ?? "").length).toBeLessThanOrEqual(123);
    }
    // Counting after each letter that is cut from a megabyte would block all clients for minutes.
    expect(counting.mock.calls.length).toBeLessThan(1000);
    counting.mockRestore();
  });

  test("costs no other client anything, and no further message of the socket is read", async () => {
    const asked = vi.spyOn(noDatabase, "connect");
    const [refused, other] = [scene.client(), scene.client()];
    refused.sayText("{");
    refused.say({ type: "Ping" });
    refused.mutate(1, "messages:send");
    other.say({ type: "Ping" });
    await scene.engine.settled();
    expect(asked).not.toHaveBeenCalled();
    expect(refused.ofType("Pong")).toEqual([]);
    expect(other.ofType("Pong")).toHaveLength(1);
    expect(other.closedWith).toBeUndefined();
  });
});

describe("a clock that is set back by an hour", () => {
  test("closes no socket that says little", () => {
    const steady = scene.client();
    vi.spyOn(scene.clock, "now").mockReturnValue(scene.clock.now() - 3_600_000);
    for (let i = 0; i < 50; i++) steady.say({ type: "Ping" });
    expect(steady.closedWith).toBeUndefined();
    expect(steady.ofType("Pong")).toHaveLength(50);
  });
});

describe("a function that a client may not name", () => {
  const paths = [
    ["is not there", "messages:lst"],
    ["is internal", "messages:secret"],
    ["is of another kind", "messages:send"],
    ["is in no file", "nowhere:list"],
    ["reaches into an object's prototype", "__proto__:constructor"],
    ["is no path", "messages"],
  ] as const;

  test.each(paths)(
    "because it %s is refused in the same words, so that no client learns which it is",
    async (_, path) => {
      const asking = scene.client();
      asking.subscribe(1, path);
      await scene.engine.settled();
      const message = `There is no public query "${path}". Check its name and that its file exports it.`;
      expect(asking.transitions.flatMap(({ refused }) => refused)).toEqual([
        [1, { kind: "badRequest", message, unknownFunction: true }],
      ]);
      expect(await scene.query(path)).toEqual({
        ok: false,
        error: { kind: "badRequest", message, unknownFunction: true },
      });
    },
  );

  test("is refused to a mutation in the words of a mutation", async () => {
    const outcome = await scene.mutation("messages:list");
    expect(outcome).toMatchObject({
      error: { message: 'There is no public mutation "messages:list". Check its name and that its file exports it.' },
    });
  });
});

describe("a subscription that is refused", () => {
  const notThere = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ query: from + i, path: "messages:nothing", args: {} }));

  test("leaves nothing behind: however many are refused, others may be asked for", async () => {
    const { subscriptions } = scene.engine.limits;
    const asking = scene.client();
    for (let round = 0; round < 4; round++) {
      asking.say({ type: "Subscribe", queries: notThere(round * subscriptions + 1, subscriptions) });
      await scene.engine.settled();
    }
    expect(asking.closedWith).toBeUndefined();
    expect(asking.transitions.flatMap(({ refused = [] }) => refused)).toHaveLength(4 * subscriptions);
    // The number of a refused query may be used again: the server has not kept it.
    asking.say({ type: "Subscribe", queries: notThere(1, 1) });
    await scene.engine.settled();
    expect(asking.transitions.at(-1)?.refused).toMatchObject([[1, { unknownFunction: true }]]);
    asking.say({ type: "Unsubscribe", queries: [1] });
    expect(asking.closedWith).toBeUndefined();
  });

  test("counts until its client has been told: one that does not read is not owed more than it could watch", async () => {
    const { subscriptions, pauseAboveBytes } = scene.engine.limits;
    const deaf = scene.client();
    deaf.bufferedAmount = pauseAboveBytes + 1;
    deaf.say({ type: "Subscribe", queries: notThere(1, subscriptions) });
    await scene.engine.settled();
    expect([deaf.transitions.length, deaf.closedWith]).toEqual([0, undefined]);
    deaf.say({ type: "Subscribe", queries: notThere(1_000, 1) });
    expect(deaf.closedWith?.code).toBe(CloseCode.tooMany);
  });

  test("is written down once, however many are refused with it", async () => {
    const written = vi.spyOn(JSON, "stringify");
    const queries = notThere(1, 250).map((query) => ({
      ...query,
      path: "messages:list",
      args: { ["k".repeat(4_000)]: 1 },
    }));
    const message = JSON.stringify({ type: "Subscribe", queries } as never);
    const asking = scene.client();
    written.mockClear();
    asking.sayText(message);
    const bytes = written.mock.results.reduce((sum, { value }) => sum + String(value).length, 0);
    written.mockRestore();
    expect(asking.closedWith).toBeUndefined();
    expect(bytes).toBeLessThan(5 * message.length);
  });

  test("counts with what its client is to be told of it, which may quote its arguments", async () => {
    await using small = new EngineScene(functions, { driver: noDatabase, limits: { keptArgsBytes: 20_000 } });
    const { client, engine } = small;
    const reading = client();
    for (let n = 1; n <= 12; n++) {
      reading.subscribe(n, "messages:list", { channel: "a", ["k".repeat(5_000)]: n });
      await engine.settled();
    }
    expect(reading.closedWith).toBeUndefined();
    const deaf = client();
    deaf.bufferedAmount = engine.limits.pauseAboveBytes + 1;
    for (let n = 1; n <= 12; n++) deaf.subscribe(n, "messages:list", { channel: "a", ["k".repeat(5_000)]: n });
    expect(deaf.closedWith?.code).toBe(CloseCode.tooMany);
  });
});

describe("arguments that do not parse", () => {
  test("are told with their places, and the database is not asked", async () => {
    const asking = scene.client();
    asking.subscribe(1, "messages:list", { channel: 5 });
    await scene.engine.settled();
    expect(asking.transitions.flatMap(({ refused }) => refused)).toMatchObject([
      [1, { kind: "badRequest", issues: [{ path: ["channel"] }] }],
    ]);
  });

  test("are told when they are malformed", async () => {
    const args = { channel: { $t: ["nothing"] } };
    expect(await scene.query("messages:list", args)).toMatchObject({
      ok: false,
      error: { kind: "badRequest" },
    });
  });
});
