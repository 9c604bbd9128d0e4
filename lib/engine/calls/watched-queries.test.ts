import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { EngineScene } from "../../../tests/support/engine-scene.ts";
import type { Identity } from "../../functions/context.ts";
import { createFunctions } from "../../functions/define.ts";
import type { Outcome } from "../../protocol/outcome.ts";

const { internalQuery, query, mutation } = createFunctions<Record<string, never>>();

let written: string[];
let runs: number;
const args = z.object({ channel: z.string() });
const list = internalQuery({
  args,
  handler: async (_ctx, { channel }) => {
    runs++;
    return written.filter((text) => text.startsWith(channel));
  },
});
const whoAmI = query({ handler: async ({ auth }) => (await auth.getUserIdentity())?.subject ?? "anonymous" });
const send = mutation({
  args: z.object({ channel: z.string(), text: z.string() }),
  handler: async ({ scheduler }, { channel, text }) => {
    written.push(`${channel}: ${text}`);
    await scheduler.invalidate(list, { channel });
  },
});

let scene: EngineScene;
beforeEach(() => {
  written = [];
  runs = 0;
  scene = new EngineScene({ it: { list, send, whoAmI } });
});
afterEach(() => scene.close());

/** Watches a query of this path. `told` has what was told, `isOver` says whether it is watched no more. */
function watch(path: string, args: Record<string, unknown> = {}, caller: Identity | null = null) {
  const stop = new AbortController();
  const watched = { told: [] as unknown[], isOver: false, stop: () => stop.abort(), pace: async () => {} };
  const tell = async (answer: Outcome<string>) => {
    watched.told.push(answer.ok ? JSON.parse(answer.value) : answer.error);
    await watched.pace();
  };
  const request = { kind: "query" as const, path, args, caller, internal: true, signal: stop.signal };
  void scene.engine.watch(request, tell).then(() => {
    watched.isOver = true;
  });
  return watched;
}

const say = (channel: string, text: string) => scene.mutation("it:send", { channel, text });

test("an internal query that is watched tells each answer once, and runs for nothing that does not concern it", async () => {
  const watched = watch("it:list", { channel: "a" });
  await scene.rest();
  await say("a", "1");
  await say("b", "1");
  await scene.rest();
  expect(watched.told).toEqual([[], ["a: 1"]]);
  expect(runs).toBe(2);
  watched.stop();
  await say("a", "2");
  await scene.rest();
  expect([watched.told.length, runs, watched.isOver]).toEqual([2, 2, true]);
});

test("who is slow misses answers that others are told, but never the last, and alone is no reason to run the query", async () => {
  const watched = watch("it:list", { channel: "a" });
  const busy = Promise.withResolvers<void>();
  watched.pace = () => busy.promise;
  const quick = watch("it:list", { channel: "a" });
  await scene.rest();
  await say("a", "1");
  await scene.rest();
  expect([watched.told, quick.told]).toEqual([[[]], [[], ["a: 1"]]]);
  quick.stop();
  const before = runs;
  for (const text of ["2", "3"]) await say("a", text);
  await scene.rest();
  expect([watched.told, runs]).toEqual([[[]], before]);
  busy.resolve();
  await scene.rest();
  expect(watched.told.at(-1)).toEqual(["a: 1", "a: 2", "a: 3"]);
});

test("a caller is told its own answers, also when the query has been watched before it was known to ask who is calling", async () => {
  const [ada, bob] = [watch("it:whoAmI", {}, { subject: "ada" }), watch("it:whoAmI", {}, { subject: "bob" })];
  await scene.rest();
  expect([ada.told, bob.told]).toEqual([["ada"], ["bob"]]);
});

test("functions that are loaded later answer; one that is gone is an error, until it is there again", async () => {
  const watched = watch("it:list", { channel: "a" });
  await scene.rest();
  const { engine } = scene;
  const load = async (modules: Record<string, Record<string, unknown>>) => {
    engine.useFunctions(modules, {});
    await scene.rest();
  };
  await load({ it: { list: internalQuery({ args, handler: async () => "anew" }), send } });
  expect(watched.told).toEqual([[], "anew"]);
  await load({ it: { send } });
  expect(watched.told.at(-1)).toMatchObject({ kind: "badRequest" });
  await load({ it: { list, send } });
  expect(watched.told.at(-1)).toEqual([]);
});

test("arguments that the query does not accept are told as an error", async () => {
  const watched = watch("it:list", { chanel: "a" });
  await scene.rest();
  expect(watched.told).toMatchObject([{ kind: "badRequest", issues: [{ path: ["channel"] }, { path: [] }] }]);
});

test("a server that drains, or has drained, watches nothing", async () => {
  const watched = watch("it:list", { channel: "a" });
  await scene.rest();
  void scene.engine.drain();
  const late = watch("it:list", { channel: "a" });
  await scene.rest();
  expect([watched.isOver, late.isOver, late.told]).toEqual([true, true, []]);
});
