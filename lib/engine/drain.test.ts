import { asc } from "drizzle-orm";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { EngineScene } from "../../tests/support/engine-scene.ts";
import type { WireClient } from "../../tests/support/wire-client.ts";
import { createFunctions } from "../functions/define.ts";
import { CloseCode } from "../protocol/close-codes.ts";
import { startWorld } from "../testing/world.ts";

const { query, mutation, action } = createFunctions<Record<string, never>>();

/** The texts of mutations and actions that have begun. */
let begun: string[];
/** What mutations and actions wait for before they end. */
let hanging: PromiseWithResolvers<void>;
const args = z.object({ text: z.string() });
const list = query({ handler: async () => begun });
const hang = async (text: string) => {
  begun.push(text);
  await hanging.promise;
  return text;
};
const send = mutation({
  args,
  handler: async ({ scheduler }, { text }) => {
    await hang(text);
    await scheduler.invalidate(list);
    return text;
  },
});
const mail = action({ args, handler: async (_ctx, { text }) => hang(text) });

let scene: EngineScene;

beforeEach(() => {
  begun = [];
  hanging = Promise.withResolvers();
  scene = new EngineScene({ it: { list, send, mail } });
});

afterEach(async () => {
  hanging.resolve();
  await scene.close();
});

const client = () => scene.client();
const rest = () => scene.rest();
/** Starts to drain; `isOver` says whether that has ended. */
function drain(): { readonly isOver: boolean } {
  const drained = { isOver: false };
  void scene.engine.drain().then(() => {
    drained.isOver = true;
  });
  return drained;
}

describe("a server that drains", () => {
  test("finishes the mutation that runs, begins none that waits, and closes the connection after the outcome", async () => {
    const writer = client();
    writer.subscribe(1, "it:list");
    await writer.until(() => writer.value(1) !== undefined);
    for (const n of [1, 2, 3]) writer.mutate(n, "it:send", { text: `${n}` });
    await rest();
    const drained = drain();
    expect(writer.ofType("Draining")).toHaveLength(1);
    await rest();
    expect([writer.closedWith, drained.isOver]).toEqual([undefined, false]);
    hanging.resolve();
    await rest();
    expect(writer.ofType("MutationSucceeded")).toMatchObject([{ request: 1, value: "1" }]);
    expect(begun).toEqual(["1"]);
    expect(writer.closedWith?.code).toBe(CloseCode.serviceRestart);
    expect(drained.isOver).toBe(true);
  });

  test("begins nothing for a client that does not leave, however much it asks for", async () => {
    const [deaf, ...others] = [client(), client(), client(), client()] as [WireClient, ...WireClient[]];
    deaf.mutate(1, "it:send", { text: "runs" });
    await rest();
    const drained = drain();
    const [asks, acts, late] = others as [WireClient, WireClient, WireClient];
    const runs = scene.engine.counters.queryRuns;
    for (let n = 2; n < 20; n++) deaf.mutate(n, "it:send", { text: "late" });
    asks.subscribe(1, "it:list");
    acts.say({ type: "Act", request: 1, path: "it:mail", args: { text: "late" } });
    late.say({ type: "Ping" });
    await rest();
    expect(begun).toEqual(["runs"]);
    expect(scene.engine.counters.queryRuns).toBe(runs);
    expect([asks, acts].map(({ closedWith }) => closedWith?.code)).toEqual([1012, 1012]);
    expect([late.closedWith, late.ofType("Pong").length]).toEqual([undefined, 1]);
    hanging.resolve();
    await rest();
    expect(deaf.ofType("MutationSucceeded")).toMatchObject([{ request: 1 }]);
    expect(begun).toEqual(["runs"]);
    expect([deaf.closedWith?.code, drained.isOver]).toEqual([CloseCode.serviceRestart, true]);
  });

  test("waits for an action that runs, and tells its outcome", async () => {
    const actor = client();
    actor.say({ type: "Act", request: 1, path: "it:mail", args: { text: "on its way" } });
    await rest();
    const drained = drain();
    actor.say({ type: "Act", request: 2, path: "it:mail", args: { text: "late" } });
    await rest();
    expect([actor.closedWith, drained.isOver]).toEqual([undefined, false]);
    hanging.resolve();
    await rest();
    expect(actor.ofType("ActionSucceeded")).toMatchObject([{ request: 1 }]);
    expect(begun).toEqual(["on its way"]);
    expect([actor.closedWith?.code, drained.isOver]).toEqual([CloseCode.serviceRestart, true]);
  });

  test("tells those that have just come to go", async () => {
    const drained = drain();
    await rest();
    expect(drained.isOver).toBe(true);
    const late = client();
    expect(late.ofType("Draining")).toHaveLength(1);
    expect([late.closedWith?.code, late.ofType("Connected")]).toEqual([CloseCode.serviceRestart, []]);
  });
});

test("what a draining server did not begin is done by the next one: each mutation once, in the order called", async () => {
  const notes = pgTable("notes", { id: integer().primaryKey().generatedAlwaysAsIdentity(), text: text().notNull() });
  const { query, mutation } = createFunctions<{ notes: typeof notes }>();
  const all = query({ handler: async ({ db }) => db.select().from(notes).orderBy(asc(notes.id)) });
  const add = mutation({
    args,
    handler: async ({ db, scheduler }, { text }) => {
      await hang(text);
      await db.insert(notes).values({ text });
      await scheduler.invalidate(all);
    },
  });
  await using world = await startWorld({ functions: { notes: { all, add } }, schema: { notes } });
  const client = world.connect();
  let shown: unknown;
  client.watchQuery("notes:all", {}, ({ data }) => {
    shown = data;
  });
  await world.settled();
  const texts = ["first", "second", "third"];
  const added = Promise.all(texts.map((text) => client.mutation("notes:add", { text })));
  while (begun.length === 0) await rest();
  const drained = world.engine.drain();
  hanging.resolve();
  await drained;
  expect(begun).toEqual(["first"]);
  await world.restart();
  while (client.connectionState().pendingMutations > 0) await world.advance(1_000);
  await added;
  expect(begun).toEqual(texts);
  expect(shown).toMatchObject(texts.map((text) => ({ text })));
});
