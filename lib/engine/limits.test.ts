import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { EngineScene } from "../../tests/support/engine-scene.ts";
import { WireClient } from "../../tests/support/wire-client.ts";
import { createFunctions } from "../functions/define.ts";
import { CloseCode } from "../protocol/close-codes.ts";
import { toFunctionError } from "../protocol/function-error.ts";
import { type EngineLimits, limitsFrom } from "./run/limits.ts";

const { query, mutation, action } = createFunctions<Record<string, never>>();

/** What the functions `hang`, `slow` and `actLong` wait for. */
let hanging = Promise.withResolvers<void>();
const args = z.object({ text: z.string().optional(), value: z.unknown().optional() });
const answer = query({ args, handler: async (_ctx, { text = "" }) => text });
const hang = async () => {
  await hanging.promise;
  return "done";
};
const write = mutation({
  args,
  handler: async ({ scheduler }, { text = "" }) => {
    await scheduler.invalidate(answer);
    return text;
  },
});
const functions = {
  it: {
    answer,
    slow: query({ args, handler: async (_ctx, { text }) => (text === "now" ? text : hang()) }),
    write,
    hang: mutation({ args, handler: hang }),
    act: action({ args, handler: async (_ctx, { text = "" }) => text }),
    actLong: action({ args, handler: hang }),
    actAndWrite: action({ args, handler: async ({ runMutation }) => runMutation(write) }),
  },
};

class Scene extends EngineScene {
  constructor(limits: Partial<EngineLimits>) {
    super(functions, { limits });
  }

  /** A client that watches `it:answer` with this text as query 1, and has its answer. */
  readonly reading = async (text = ""): Promise<WireClient> => {
    const client = this.client();
    client.subscribe(1, "it:answer", { text });
    await client.until(() => client.value(1) === text);
    return client;
  };
}

interface Met {
  limits: Partial<EngineLimits>;
  happens: string;
  when: (scene: Scene) => Promise<void>;
}

/** Two long actions run: a third, of another client, fails until they have ended. */
async function oneMoreFails(scene: Scene, path: string, address?: string): Promise<void> {
  const clients = [0, 1, 2].map((n) => scene.socket(undefined, address).connect(String(n).padStart(32, "0")));
  const [first, second, third] = clients as [WireClient, WireClient, WireClient];
  for (const client of [first, second]) client.say({ type: "Act", request: 1, path: "it:actLong", args: {} });
  third.say({ type: "Act", request: 1, path, args: {} });
  await scene.rest();
  const refused = { request: 1, error: { kind: "unavailable", reason: "overloaded" } };
  expect(third.ofType("ActionFailed")).toMatchObject([refused]);
  hanging.resolve();
  await scene.rest();
  third.say({ type: "Act", request: 2, path, args: {} });
  await scene.rest();
  expect(third.ofType("ActionSucceeded")).toMatchObject([{ request: 2 }]);
}

const codeOf = (client: WireClient) => client.closedWith?.code;

/** One entry for each limit: a missing one does not compile. */
const EVERY: Record<keyof EngineLimits, Met> = {
  frameBytes: {
    limits: { frameBytes: 200 },
    happens: "a longer message closes the socket",
    when: async ({ client }) => {
      const talker = client();
      talker.sayText(`{"type":"Ping"}${" ".repeat(185)}`);
      expect(codeOf(talker)).toBeUndefined();
      talker.sayText(`{"type":"Ping"}${" ".repeat(186)}`);
      expect(codeOf(talker)).toBe(CloseCode.tooLarge);
    },
  },
  argsDepth: {
    limits: { argsDepth: 3 },
    happens: "deeper arguments are refused, of any function, and nothing runs",
    when: async ({ client, engine, rest }) => {
      const caller = client();
      caller.subscribe(1, "it:answer", { value: [[]], text: "fits" });
      caller.subscribe(2, "it:answer", { value: [[[]]] });
      caller.mutate(1, "it:write", { value: [[[]]] });
      caller.say({ type: "Act", request: 1, path: "it:act", args: { value: [[[]]] } });
      await rest();
      expect(caller.value(1)).toBe("fits");
      expect(caller.transitions.flatMap(({ refused = [] }) => refused)).toMatchObject([[2, { kind: "badRequest" }]]);
      const message = expect.stringContaining("nested deeper than 3 levels");
      expect(caller.ofType("MutationFailed")).toMatchObject([{ error: { kind: "badRequest", message } }]);
      expect(caller.ofType("ActionFailed")).toMatchObject([{ error: { kind: "badRequest" } }]);
      expect(engine.counters.queryRuns).toBe(1);
    },
  },
  subscriptions: {
    limits: { subscriptions: 2 },
    happens: "one query more closes the socket",
    when: async ({ client }) => {
      const asking = client();
      for (const n of [1, 2]) asking.subscribe(n, "it:answer", { text: `${n}` });
      expect(codeOf(asking)).toBeUndefined();
      asking.subscribe(3, "it:answer", { text: "3" });
      expect(codeOf(asking)).toBe(CloseCode.tooMany);
    },
  },
  queryArgsBytes: {
    limits: { queryArgsBytes: 100 },
    happens:
      "a query with larger arguments is refused to subscribers and pages, in words that help; one call may have them",
    when: async ({ client, engine, rest }) => {
      const asking = client();
      // {"text":"…"} takes eleven bytes more than the text, and a letter of this one three.
      const [fits, larger] = ["語".repeat(29), "語".repeat(30)];
      asking.subscribe(1, "it:answer", { text: fits });
      asking.subscribe(2, "it:answer", { text: larger });
      await rest();
      expect(asking.value(1)).toBe(fits);
      const said = /it:answer take 101 bytes.* may take 100 .*limits\.queryArgsBytes/;
      const error = { kind: "badRequest", message: expect.stringMatching(said) };
      expect(asking.transitions.flatMap(({ refused = [] }) => refused)).toEqual([[2, error]]);
      expect(await engine.preload("it:answer", { text: larger }, null)).toEqual({ ok: false, error });
      expect(await engine.preload("it:answer", { text: fits }, null)).toMatchObject({ ok: true });
      const call = { kind: "query", path: "it:answer", args: { text: larger }, caller: null } as const;
      expect(await engine.call(call)).toEqual({ ok: true, value: larger });
    },
  },
  keptArgsBytes: {
    limits: { keptArgsBytes: 250, queryArgsBytes: 100 },
    happens: "more in all of a socket's queries closes it; what is unsubscribed makes room",
    when: async ({ client, rest }) => {
      const asking = client();
      const text = (n: number) => `${n}`.padEnd(80, ".");
      for (const n of [1, 2]) asking.subscribe(n, "it:answer", { text: text(n) });
      asking.say({ type: "Unsubscribe", queries: [1] });
      asking.subscribe(3, "it:answer", { text: text(3) });
      await rest();
      expect([codeOf(asking), asking.value(3)]).toEqual([undefined, text(3)]);
      asking.subscribe(4, "it:answer", { text: text(4) });
      expect(codeOf(asking)).toBe(CloseCode.tooMany);
    },
  },
  serverAnswerBytes: {
    limits: { serverAnswerBytes: 3_000, keptAnswerBytes: 1_000 },
    happens: "the client with the greatest share of the answers is closed; those who share large ones are not",
    when: async ({ client, reading, rest }) => {
      const shared = "s".repeat(1_500);
      const readers = [await reading(shared), await reading(shared), await reading(shared)];
      const greedy = client();
      for (const n of [1, 2, 3]) greedy.subscribe(n, "it:answer", { text: `${n}`.padEnd(900, ".") });
      await rest();
      expect(codeOf(greedy)).toBe(CloseCode.tooMany);
      expect(readers.map(codeOf)).toEqual([undefined, undefined, undefined]);
    },
  },
  keptAnswerBytes: {
    limits: { serverAnswerBytes: 100, keptAnswerBytes: 1_000 },
    happens: "a client with no greater share is kept, and the log says that the answers take too much",
    when: async ({ reading, clock, rest }) => {
      const modest = await reading("m".repeat(900));
      await rest();
      expect(codeOf(modest)).toBeUndefined();
      expect(clock.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
      expect(codeOf(await reading("n".repeat(900)))).toBeUndefined();
      const large = await reading("m".repeat(1_100));
      expect(codeOf(large)).toBe(CloseCode.tooMany);
    },
  },
  queuedMutations: {
    limits: { queuedMutations: 2 },
    happens: "one mutation more closes the socket",
    when: async ({ client }) => {
      const writer = client();
      for (const n of [1, 2]) writer.mutate(n, "it:hang");
      expect(codeOf(writer)).toBeUndefined();
      writer.mutate(3, "it:hang");
      expect(codeOf(writer)).toBe(CloseCode.tooMany);
    },
  },
  keptMessageBytes: {
    limits: { keptMessageBytes: 1_000, frameBytes: 1_000 },
    happens:
      "a client whose calls weigh more is not heard until they weigh half of it; all of them are done in the end",
    when: async ({ client, rest }) => {
      const busy = client();
      busy.mutate(1, "it:hang");
      for (const n of [2, 3]) busy.mutate(n, "it:write", { text: ".".repeat(400) });
      expect(busy.isPaused).toBe(true);
      busy.mutate(4, "it:write");
      await rest();
      expect(busy.ofType("MutationSucceeded")).toEqual([]);
      hanging.resolve();
      const told = (type: "MutationSucceeded" | "MutationFailed") => busy.ofType(type).map(({ request }) => request);
      await busy.until(() => told("MutationSucceeded").length + told("MutationFailed").length === 4);
      expect([told("MutationSucceeded"), busy.isPaused, codeOf(busy)]).toEqual([[1, 2, 3, 4], false, undefined]);
    },
  },
  serverMessageBytes: {
    limits: { serverMessageBytes: 1_000, frameBytes: 1_000 },
    happens: "above it clients that have calls here are not heard, others are",
    when: async ({ client, rest }) => {
      const [greedy, other, bystander] = [client(), client(), client()];
      for (const busy of [greedy, other]) busy.mutate(1, "it:hang");
      greedy.mutate(2, "it:write", { text: ".".repeat(900) });
      other.mutate(2, "it:write");
      bystander.mutate(1, "it:write");
      await bystander.until(() => bystander.ofType("MutationSucceeded").length === 1);
      expect([greedy.isPaused, other.isPaused, bystander.isPaused]).toEqual([true, true, false]);
      hanging.resolve();
      await greedy.until(() => greedy.ofType("MutationSucceeded").length === 2);
      await rest();
      expect([greedy.isPaused, other.isPaused]).toEqual([false, false]);
    },
  },
  heldTimeoutMs: {
    limits: { heldTimeoutMs: 400, keptMessageBytes: 100, frameBytes: 1_000, mutationTimeoutMs: 100_000 },
    happens: "a client that is not heard for so long without a call of it ending is closed",
    when: async ({ client, clock }) => {
      const busy = client();
      busy.mutate(1, "it:hang", { text: ".".repeat(200) });
      await clock.advance(390);
      expect([busy.isPaused, codeOf(busy)]).toEqual([true, undefined]);
      await clock.advance(20);
      expect(codeOf(busy)).toBe(CloseCode.tooMany);
    },
  },
  bytesPerSecond: {
    limits: { bytesPerSecond: 1_000, byteBurst: 1_000, frameBytes: 3_000 },
    happens: "a client that has sent more is not heard until the time has passed, and nothing of it is lost",
    when: async ({ client, clock }) => {
      const talker = client();
      talker.sayText(`{"type":"Ping"}${" ".repeat(2_900)}`);
      talker.say({ type: "Ping" });
      expect(talker.isPaused).toBe(true);
      expect(talker.ofType("Pong")).toHaveLength(1);
      await clock.advance(1_500);
      expect(talker.ofType("Pong")).toHaveLength(1);
      await clock.advance(2_500);
      expect(talker.ofType("Pong")).toHaveLength(2);
      expect([talker.isPaused, codeOf(talker)]).toEqual([false, undefined]);
    },
  },
  byteBurst: {
    limits: { bytesPerSecond: 100, byteBurst: 3_000, frameBytes: 3_000 },
    happens: "so many may come at once",
    when: async ({ client }) => {
      const talker = client();
      talker.sayText(`{"type":"Ping"}${" ".repeat(2_000)}`);
      expect(talker.isPaused).toBe(false);
      talker.sayText(`{"type":"Ping"}${" ".repeat(2_000)}`);
      expect(talker.isPaused).toBe(true);
      expect(talker.ofType("Pong")).toHaveLength(2);
    },
  },
  runningActions: {
    limits: { runningActions: 1 },
    happens: "one action more fails, and the next may run when the first has ended",
    when: async ({ client, rest }) => {
      const actor = client();
      for (const request of [1, 2]) actor.say({ type: "Act", request, path: "it:actLong", args: {} });
      await rest();
      expect(actor.ofType("ActionFailed")).toMatchObject([
        { request: 2, error: { kind: "unavailable", reason: "overloaded" } },
      ]);
      hanging.resolve();
      await rest();
      actor.say({ type: "Act", request: 3, path: "it:act", args: {} });
      await rest();
      expect(actor.ofType("ActionSucceeded").map(({ request }) => request)).toEqual([1, 3]);
    },
  },
  serverActions: {
    limits: { serverActions: 2, functionActions: 2 },
    happens: "one action more of all clients fails, and the next may run when one has ended",
    when: (scene) => oneMoreFails(scene, "it:act"),
  },
  functionActions: {
    limits: { functionActions: 2 },
    happens: "one run more of the same action fails, and the next may run when one has ended",
    when: (scene) => oneMoreFails(scene, "it:actLong"),
  },
  addressActions: {
    limits: { addressActions: 2 },
    happens: "one action more of the same address fails, and the next may run when one has ended",
    when: (scene) => oneMoreFails(scene, "it:act", "2001:db8::1"),
  },
  messagesPerSecond: {
    limits: { messagesPerSecond: 1, messageBurst: 1 },
    happens: "a client that says more has its socket closed",
    when: async ({ client, clock }) => {
      const talker = client();
      for (let second = 0; second < 3; second++) {
        clock.advance(1_000);
        talker.say({ type: "Ping" });
      }
      expect(codeOf(talker)).toBeUndefined();
      talker.say({ type: "Ping" });
      expect(codeOf(talker)).toBe(CloseCode.tooMany);
    },
  },
  messageBurst: {
    limits: { messageBurst: 3 },
    happens: "more at once closes the socket",
    when: async ({ client }) => {
      const talker = client();
      for (let said = 1; said < 3; said++) talker.say({ type: "Ping" });
      expect(codeOf(talker)).toBeUndefined();
      talker.say({ type: "Ping" });
      expect(codeOf(talker)).toBe(CloseCode.tooMany);
    },
  },
  handshakeTimeoutMs: {
    limits: { handshakeTimeoutMs: 1_000 },
    happens: "a client that has not said Connect is disconnected",
    when: async ({ engine, clock }) => {
      const mute = new WireClient(engine);
      clock.advance(999);
      expect(codeOf(mute)).toBeUndefined();
      clock.advance(200);
      expect(codeOf(mute)).toBe(CloseCode.handshakeTimeout);
    },
  },
  pingIntervalMs: {
    limits: { pingIntervalMs: 1_000, handshakeTimeoutMs: 500 },
    happens: "a silent client is sent a Ping",
    when: async ({ client, clock }) => {
      const silent = client();
      clock.advance(999);
      expect(silent.ofType("Ping")).toEqual([]);
      clock.advance(200);
      expect(silent.ofType("Ping")).toHaveLength(1);
    },
  },
  silenceTimeoutMs: {
    limits: { silenceTimeoutMs: 20_000 },
    happens: "a client that is silent for so long is disconnected",
    when: async ({ client, clock }) => {
      const silent = client();
      clock.advance(19_999);
      expect(codeOf(silent)).toBeUndefined();
      clock.advance(500);
      expect(codeOf(silent)).toBe(CloseCode.silent);
    },
  },
  pauseAboveBytes: {
    limits: { pauseAboveBytes: 100 },
    happens: "a client with more to read is told nothing until it has read",
    when: async (scene) => {
      const reader = await scene.reading();
      reader.bufferedAmount = 101;
      reader.subscribe(2, "it:answer", { text: "later" });
      await scene.rest();
      expect(reader.transitions).toHaveLength(1);
      reader.bufferedAmount = 100;
      scene.clock.advance(100);
      await scene.rest();
      expect(reader.value(2)).toBe("later");
    },
  },
  dropAboveBytes: {
    limits: { pauseAboveBytes: 100, dropAboveBytes: 5_000 },
    happens: "a client with more to read is disconnected",
    when: async (scene) => {
      const reader = await scene.reading();
      reader.bufferedAmount = 5_000;
      reader.subscribe(2, "it:answer", { text: "x" });
      await scene.rest();
      expect(codeOf(reader)).toBeUndefined();
      reader.bufferedAmount = 6_000;
      scene.clock.advance(100);
      await scene.rest();
      expect(codeOf(reader)).toBe(CloseCode.tooSlow);
    },
  },
  dropAfterMs: {
    limits: { pauseAboveBytes: 100, dropAfterMs: 500 },
    happens: "a client that reads nothing for so long is disconnected; one that reads a little is not",
    when: async (scene) => {
      const [stuck, slow] = [await scene.reading(), await scene.reading()];
      for (const reader of [stuck, slow]) {
        reader.bufferedAmount = 1_000;
        reader.subscribe(2, "it:answer", { text: "x" });
      }
      for (let waited = 0; waited < 800; waited += 50) {
        await scene.rest();
        slow.bufferedAmount--;
        scene.clock.advance(50);
      }
      expect([codeOf(stuck), codeOf(slow)]).toEqual([CloseCode.tooSlow, undefined]);
    },
  },
  mutationTimeoutMs: {
    limits: { mutationTimeoutMs: 1_000 },
    happens: "a mutation that takes longer fails, and nothing of it is committed but its number",
    when: async ({ client, clock, rest, driver }) => {
      const writer = client();
      writer.mutate(1, "it:hang");
      await rest();
      clock.advance(999);
      await rest();
      expect([writer.ofType("MutationFailed"), driver.commits]).toEqual([[], 0]);
      clock.advance(1);
      await rest();
      expect(writer.ofType("MutationFailed")).toMatchObject([{ error: { kind: "unavailable", reason: "timedOut" } }]);
      expect(driver.commits).toBe(1);
      expect(clock.lines).toMatchObject([{ level: "error", message: expect.stringContaining("it:hang took longer") }]);
    },
  },
  queryTimeoutMs: {
    limits: { queryTimeoutMs: 1_000 },
    happens: "the answer of a query that takes longer is an error",
    when: async ({ client, clock, rest }) => {
      const asking = client();
      asking.subscribe(1, "it:slow");
      await rest();
      clock.advance(1_000);
      await rest();
      expect(asking.value(1)).toMatchObject({ kind: "unavailable", reason: "timedOut" });
    },
  },
  databaseTimeoutMs: {
    limits: { databaseTimeoutMs: 1_000 },
    happens: "a connection that does not answer a BEGIN is given up, and the next one does the work",
    when: async ({ client, clock, rest, driver }) => {
      const writer = client();
      driver.silentBegins = 1;
      writer.mutate(1, "it:write");
      await rest();
      clock.advance(999);
      await rest();
      expect([writer.ofType("MutationSucceeded"), driver.destroyed]).toEqual([[], 0]);
      for (let tries = 0; tries < 20; tries++) {
        clock.advance(100);
        await rest();
      }
      expect(writer.ofType("MutationSucceeded")).toHaveLength(1);
      expect(driver.destroyed).toBe(1);
    },
  },
  actionTimeoutMs: {
    limits: { actionTimeoutMs: 1_000 },
    happens: "an action that takes longer fails",
    when: async ({ client, clock, rest }) => {
      const actor = client();
      actor.say({ type: "Act", request: 1, path: "it:actLong", args: {} });
      await rest();
      clock.advance(1_000);
      await rest();
      expect(actor.ofType("ActionFailed")).toMatchObject([
        {
          error: { kind: "unavailable", reason: "outcomeUnknown", message: expect.not.stringContaining("it:actLong") },
        },
      ]);
    },
  },
  batchMs: {
    limits: { batchMs: 40 },
    happens: "a batch waits no longer for one of its queries",
    when: async (scene) => {
      const asking = scene.client();
      asking.subscribe(1, "it:slow");
      asking.subscribe(2, "it:answer", { text: "quick" });
      await scene.rest();
      expect(asking.value(2)).toBeUndefined();
      scene.clock.advance(40);
      await scene.rest();
      expect(asking.value(2)).toBe("quick");
    },
  },
  slowQueryMs: {
    limits: { batchMs: 200, slowQueryMs: 100 },
    happens: "a query is slow, and others do not wait for it any more",
    when: async (scene) => {
      const slow = scene.client();
      slow.subscribe(1, "it:slow");
      await scene.rest();
      scene.clock.advance(200);
      await scene.rest();
      const asking = scene.client();
      asking.subscribe(1, "it:slow", { text: "another" });
      asking.subscribe(2, "it:answer", { text: "quick" });
      await scene.rest();
      expect(asking.value(2)).toBe("quick");
    },
  },
  resultBytes: {
    limits: { resultBytes: 10 },
    happens: "a larger result is an error, of any function, and nothing of it is committed",
    when: async ({ client, rest, driver }) => {
      // Four letters, but twelve bytes, and two quotes.
      const text = "語語語語";
      const caller = client();
      caller.subscribe(1, "it:answer", { text });
      caller.mutate(1, "it:write", { text });
      caller.say({ type: "Act", request: 1, path: "it:act", args: { text } });
      await rest();
      expect(caller.value(1)).toMatchObject({ kind: "internal" });
      expect(caller.ofType("MutationFailed")).toMatchObject([{ error: { kind: "internal" } }]);
      expect(caller.ofType("ActionFailed")).toMatchObject([{ error: { kind: "internal" } }]);
      // Two of them record that it failed; a third would be the mutation itself.
      expect(caller.ofType("MutationSucceeded")).toEqual([]);
      expect(driver.commits).toBeLessThanOrEqual(2);
    },
  },
  preloadLeaseMs: {
    limits: { preloadLeaseMs: 1_000 },
    happens: "the answer of a page is dropped, and its browser makes it run again",
    when: async (scene) => {
      await scene.engine.preload("it:answer", { text: "" }, null);
      scene.clock.advance(999);
      await scene.reading();
      expect(scene.engine.counters.queryRuns).toBe(1);
      await scene.engine.preload("it:answer", { text: "late" }, null);
      scene.clock.advance(1_000);
      await scene.reading("late");
      expect(scene.engine.counters.queryRuns).toBe(3);
    },
  },
  preloadLeases: {
    limits: { preloadLeases: 1 },
    happens: "one page more drops the oldest answer",
    when: async (scene) => {
      for (const text of ["a", "b"]) await scene.engine.preload("it:answer", { text }, null);
      await scene.reading("b");
      expect(scene.engine.counters.queryRuns).toBe(2);
      await scene.reading("a");
      expect(scene.engine.counters.queryRuns).toBe(3);
    },
  },
  preloadLeaseBytes: {
    limits: { preloadLeaseBytes: 2_000 },
    happens: "a page more drops the oldest answers until the others fit",
    when: async (scene) => {
      const [a, b] = ["a".repeat(1_200), "b".repeat(1_200)];
      for (const text of [a, b]) await scene.engine.preload("it:answer", { text }, null);
      await scene.reading(b);
      await scene.reading(a);
      expect(scene.engine.counters.queryRuns).toBe(3);
    },
  },
  conflictRetries: {
    limits: { conflictRetries: 2 },
    happens: "a mutation that loses once more fails, and may be tried again",
    when: async ({ client, clock, rest, driver }) => {
      const writes = async () => {
        const writer = client();
        writer.mutate(1, "it:write");
        const ended = () => [...writer.ofType("MutationFailed"), ...writer.ofType("MutationSucceeded")][0];
        while (!ended()) {
          await rest();
          clock.advance(100);
        }
        return ended();
      };
      driver.conflicts = 2;
      expect(await writes()).toMatchObject({ type: "MutationSucceeded" });
      driver.conflicts = 3;
      const lost = await writes();
      expect(lost?.type === "MutationFailed" && toFunctionError(lost.error)).toMatchObject({
        name: "UnavailableError",
        reason: "overloaded",
      });
      driver.conflicts = 3;
      const actor = client();
      actor.say({ type: "Act", request: 1, path: "it:actAndWrite", args: {} });
      while (actor.ofType("ActionFailed").length === 0) {
        await rest();
        clock.advance(100);
      }
      // The action itself may have done something before.
      expect(actor.ofType("ActionFailed")).toMatchObject([
        { error: { kind: "unavailable", reason: "outcomeUnknown" } },
      ]);
    },
  },
  drainTimeoutMs: {
    limits: { drainTimeoutMs: 1_000 },
    happens: "a server that stops waits no longer for what runs",
    when: async ({ client, clock, rest, engine }) => {
      client().mutate(1, "it:hang");
      await rest();
      let isOver = false;
      const drained = engine.drain().then(() => {
        isOver = true;
      });
      clock.advance(999);
      await rest();
      expect(isOver).toBe(false);
      clock.advance(1);
      await drained;
    },
  },
};

describe("at a limit of the engine", () => {
  let scene: Scene | undefined;

  afterEach(async () => {
    hanging.resolve();
    await scene?.engine.close();
    hanging = Promise.withResolvers();
  });

  for (const [name, { limits, happens, when }] of Object.entries(EVERY)) {
    test(`${name}: ${happens}`, async () => {
      scene = new Scene(limits);
      await when(scene);
    });
  }
});

test("a limit by its old name is refused, with the name that it has now", () => {
  const limits = { mutationTime: 1 } as Partial<EngineLimits>;
  expect(() => limitsFrom(limits)).toThrow("limits.mutationTime is called limits.mutationTimeoutMs now");
});
