import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { EngineScene } from "../../../tests/support/engine-scene.ts";
import type { WireClient } from "../../../tests/support/wire-client.ts";
import { createFunctions } from "../../functions/define.ts";
import type { EngineLimits } from "../run/limits.ts";

const { query, mutation, action } = createFunctions<Record<string, never>>();

/** The texts of actions that have begun, and of those that were told to stop. */
let begun: string[];
let stopped: string[];
/** What has been written by mutations of actions. */
let written: string[];
/** What actions wait for that do not mind their signal. */
let hanging: PromiseWithResolvers<void>;
const args = z.object({ text: z.string().default("") });
const note = mutation({
  args,
  handler: async (_ctx, { text }) => {
    written.push(text);
  },
});
const all = query({ handler: async () => written });
/** Goes on whatever its signal says. */
const stubborn = action({
  args,
  handler: async ({ runMutation, signal }, { text }) => {
    begun.push(text);
    signal.addEventListener("abort", () => stopped.push(text));
    await hanging.promise;
    await runMutation(note, { text });
    return text;
  },
});
/** Ends as `fetch` does when its signal is aborted. */
const obedient = action({
  args,
  handler: async ({ signal }, { text }) => {
    begun.push(text);
    await Promise.race([
      hanging.promise,
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    ]).catch((error) => {
      stopped.push(text);
      throw error;
    });
  },
});
const delegating = action({ args, handler: async ({ runAction }, args) => runAction(obedient, args) });
const its = { note, all, stubborn, obedient, delegating };

let scene: EngineScene;
const start = (limits: Partial<EngineLimits> = {}) => {
  scene = new EngineScene({ its }, { limits });
};
beforeEach(() => {
  [begun, stopped, written] = [[], [], []];
  hanging = Promise.withResolvers();
  start();
});
afterEach(async () => {
  hanging.resolve();
  await scene.rest();
  await scene.close();
});

const rest = () => scene.rest();
let clients = 0;
const from = (address: string) => scene.socket(undefined, address).connect(String(++clients).padStart(32, "f"));
function act(client: WireClient, name: string, count = 1, text = ""): void {
  for (let request = 1; request <= count; request++)
    client.say({ type: "Act", request, path: `its:${name}`, args: { text } });
}
const call = (name: string, more: { address?: string; signal?: AbortSignal; text?: string } = {}) => {
  const { text = "", ...source } = more;
  return scene.engine.call({ kind: "action", path: `its:${name}`, args: { text }, caller: null, ...source });
};
const overloaded = expect.objectContaining({
  kind: "unavailable",
  reason: "overloaded",
  message: expect.stringMatching(/It was not begun/),
});
/** Errors and warnings of the log. */
const complaints = () => scene.clock.lines.filter(({ level }) => level !== "info");

describe("actions whose sockets are lost still count while they run:", () => {
  test("one client that comes back again and again has no more of a function than a quarter of what the server runs", async () => {
    for (let round = 0; round < 60; round++) {
      const client = scene.client();
      act(client, "stubborn", 16);
      await rest();
      client.cut();
    }
    expect(begun).toHaveLength(250);
    const late = scene.client();
    act(late, "stubborn");
    act(late, "obedient");
    await rest();
    expect(late.ofType("ActionFailed")).toEqual([expect.objectContaining({ error: overloaded })]);
    expect(begun).toHaveLength(251);
  });

  test("one address has no more than its share, and others are served", async () => {
    for (let round = 0; round < 10; round++) {
      const client = from("2001:db8::1");
      act(client, "stubborn", 16);
      await rest();
      client.cut();
    }
    expect(begun).toHaveLength(64);
    expect(await call("obedient", { address: "2001:db8::1" })).toEqual({ ok: false, error: overloaded });
    act(from("2001:db8::2"), "stubborn");
    act(scene.client(), "stubborn");
    await rest();
    expect(begun).toHaveLength(66);
    hanging.resolve();
    await rest();
    expect(await call("obedient", { address: "2001:db8::1" })).toMatchObject({ ok: true });
  });

  test("the server runs no more than its limit, of all functions and callers", async () => {
    start({ serverActions: 4 });
    void call("stubborn");
    act(scene.client(), "obedient");
    act(scene.client(), "delegating");
    await rest();
    // A function has a quarter of four, the one that another action runs not counted.
    expect(begun).toHaveLength(3);
    expect(await call("stubborn")).toEqual({ ok: false, error: overloaded });
    start({ serverActions: 4, functionActions: 4 });
    for (let n = 0; n < 4; n++) void call("stubborn");
    expect(await call("obedient")).toEqual({ ok: false, error: overloaded });
    expect(await call("all")).toMatchObject({ error: { kind: "badRequest" } });
  });

  test("what has ended, however it ended, counts no more", async () => {
    start({ serverActions: 1, functionActions: 1, addressActions: 1 });
    for (const name of ["stubborn", "obedient"]) {
      const gone = new AbortController();
      const running = call(name, { address: "::1", signal: gone.signal });
      await rest();
      expect(await call("stubborn", { address: "::1" })).toEqual({ ok: false, error: overloaded });
      gone.abort();
      if (name === "stubborn") scene.clock.advance(scene.engine.limits.actionTimeoutMs);
      expect(await running).toMatchObject({ error: { reason: "outcomeUnknown" } });
    }
    hanging.resolve();
    expect(await call("stubborn", { address: "::1" })).toMatchObject({ ok: true });
  });
});

describe("an action is told by its signal", () => {
  test("that its socket is lost; it goes on if it does not mind", async () => {
    const [lost, kept] = [scene.client(), scene.client()];
    act(lost, "stubborn", 2, "lost");
    act(kept, "stubborn", 1, "kept");
    await rest();
    expect(stopped).toEqual([]);
    lost.cut();
    expect(stopped).toEqual(["lost", "lost"]);
    hanging.resolve();
    await rest();
    expect(written.sort()).toEqual(["kept", "lost", "lost"]);
    expect(kept.ofType("ActionSucceeded")).toHaveLength(1);
  });

  test("that the server has closed its socket", async () => {
    const client = scene.client();
    act(client, "stubborn", 1, "closed");
    await rest();
    client.sayText("no message");
    expect(stopped).toEqual(["closed"]);
  });

  test("also when another action runs it; what ends by it is no error of the server's", async () => {
    const client = scene.client();
    act(client, "delegating", 1, "inner");
    await rest();
    client.cut();
    await rest();
    expect(stopped).toEqual(["inner"]);
    expect(complaints()).toEqual([]);
  });

  test("that the caller over HTTP is gone; one who is gone before has nothing begun", async () => {
    const gone = new AbortController();
    const running = call("obedient", { text: "http", signal: gone.signal });
    await rest();
    gone.abort();
    expect(await running).toMatchObject({ error: { kind: "unavailable", reason: "outcomeUnknown" } });
    expect(stopped).toEqual(["http"]);
    expect(await call("obedient", { signal: gone.signal })).toMatchObject({ error: { reason: "notSent" } });
    expect(begun).toEqual(["http"]);
    expect(complaints()).toEqual([]);
  });

  test("that the time of the drain is over, and not before", async () => {
    act(scene.client(), "stubborn", 1, "socket");
    void call("stubborn", { text: "http" });
    await rest();
    const drained = scene.engine.drain();
    scene.clock.advance(scene.engine.limits.drainTimeoutMs - 1);
    await rest();
    expect(stopped).toEqual([]);
    scene.clock.advance(1);
    await drained;
    expect(stopped.sort()).toEqual(["http", "socket"]);
  });

  test("that its own time is over", async () => {
    const running = call("obedient", { text: "slow" });
    await rest();
    scene.clock.advance(scene.engine.limits.actionTimeoutMs);
    expect(await running).toMatchObject({ error: { reason: "outcomeUnknown" } });
    expect(stopped).toEqual(["slow"]);
  });

  test("nothing when it has ended: what it has left behind is not called", async () => {
    const gone = new AbortController();
    hanging.resolve();
    await call("stubborn", { text: "done", signal: gone.signal });
    gone.abort();
    const client = scene.client();
    act(client, "stubborn", 1, "done");
    await rest();
    client.cut();
    expect(stopped).toEqual([]);
  });
});
