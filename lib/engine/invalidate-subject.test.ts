import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { EngineScene } from "../../tests/support/engine-scene.ts";
import { WireClient } from "../../tests/support/wire-client.ts";
import { action, mutation, query } from "../entries/server.ts";

/** How many letters each person has, and for whom the query has run. */
let unread: Map<string, number>;
let runs: string[];
let scene: EngineScene;

const inbox = query({
  args: z.object({ folder: z.string() }),
  handler: async ({ auth }) => {
    const identity = await auth.getUserIdentity();
    const subject = identity?.subject ?? "anonymous";
    runs.push(`${subject} ${identity?.device ?? ""}`.trim());
    return unread.get(subject) ?? 0;
  },
});
const total = query({
  handler: () => {
    runs.push("total");
    return [...unread.values()].reduce((sum, count) => sum + count, 0);
  },
});
const args = z.object({ to: z.string(), folder: z.string().optional() });
const deliver = mutation({
  args,
  handler: async ({ scheduler }, { to, folder }) => {
    unread.set(to, (unread.get(to) ?? 0) + 1);
    await scheduler.invalidate(inbox, { folder }, { subject: to });
    await scheduler.invalidate(total, {}, { subject: to });
  },
});
const relay = action({
  args,
  handler: ({ scheduler }, { to }) => scheduler.invalidate(inbox, {}, { subject: to }),
});
const careless = mutation({
  handler: ({ scheduler }) => scheduler.invalidate(inbox, {}, { subject: undefined as never }),
});

beforeEach(() => {
  unread = new Map();
  runs = [];
  scene = new EngineScene({ letters: { inbox, total, deliver, relay, careless } }, { development: true });
});

afterEach(() => scene.close());

let clients = 0;
function connect(subject: string | null, device?: string): WireClient {
  const identity = subject === null ? null : { subject, device };
  const client = new WireClient(scene.engine, identity).connect(String(++clients).padStart(32, "0"));
  client.subscribe(1, "letters:inbox", { folder: "in" });
  client.subscribe(2, "letters:total", {});
  return client;
}

const run = (kind: "mutation" | "action", name: string, args: Record<string, unknown>) =>
  scene.engine.call({ kind, path: `letters:${name}`, args, caller: null });

describe("an invalidation with a subject", () => {
  test("touches the answers of every identity with that subject, and shared ones, and of no other", async () => {
    const [phone, laptop, bob, anonymous] = [
      connect("alice", "phone"),
      connect("alice", "laptop"),
      connect("bob"),
      connect(null),
    ];
    await scene.engine.settled();
    runs = [];
    await run("mutation", "deliver", { to: "alice" });
    await scene.engine.settled();
    expect(runs.sort()).toEqual(["alice laptop", "alice phone", "total"]);
    expect([phone, laptop, bob, anonymous].map((client) => client.value(1))).toEqual([1, 1, 0, 0]);
    expect(bob.value(2)).toBe(1);
  });

  test("and with arguments touches those that have both", async () => {
    connect("alice");
    await scene.engine.settled();
    runs = [];
    await run("mutation", "deliver", { to: "alice", folder: "out" });
    await scene.engine.settled();
    expect(runs).toEqual(["total"]);
  });

  test("acts at once in an action", async () => {
    connect("alice");
    connect("bob");
    await scene.engine.settled();
    runs = [];
    await run("action", "relay", { to: "bob" });
    await scene.engine.settled();
    expect(runs).toEqual(["bob"]);
  });

  test("that is undefined is a mistake, and not an invalidation of all", async () => {
    const outcome = await run("mutation", "careless", {});
    expect(outcome).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining("with the subject of an identity, a text. Found undefined.") },
    });
  });
});
