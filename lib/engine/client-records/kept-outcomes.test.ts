import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { DatabaseForTests } from "../../../tests/support/databases/database-for-tests.ts";
import { EngineScene } from "../../../tests/support/engine-scene.ts";
import type { WireClient } from "../../../tests/support/wire-client.ts";
import type { Driver } from "../../database/driver/driver.ts";
import { createFunctions } from "../../functions/define.ts";
import { encodeFailure, encodeSuccess, isSuccess } from "../../protocol/encode.ts";
import { ConvexError } from "../../values/errors.ts";
import { KEPT_OUTCOMES, type Outcomes, withOutcome } from "./kept-outcomes.ts";

const { mutation } = createFunctions<Record<string, never>>();

const args = z.object({ text: z.string() });
let runs: number;
const echo = mutation({
  args,
  handler: async (_ctx, { text }) => {
    runs++;
    return text;
  },
});
const fail = mutation({
  args,
  handler: async (_ctx, { text }) => {
    throw new ConvexError(text);
  },
});

const KIB = 1024;
const text = (kib: number) => "x".repeat(kib * KIB);

describe("a client that never confirms an outcome", () => {
  const database = new DatabaseForTests({});
  let scene: EngineScene<Driver>;
  let client: WireClient;

  beforeEach(() => {
    runs = 0;
    scene = new EngineScene({ its: { echo, fail } }, { driver: database.driver });
    client = scene.client();
  });
  afterEach(() => scene.close());

  const replies = (to = client) => [...to.ofType("MutationSucceeded"), ...to.ofType("MutationFailed")];
  /** Each as a mutation of the client, one after the other, none of them confirmed. */
  async function run(calls: readonly [path: "its:echo" | "its:fail", text: string][]): Promise<void> {
    for (const [i, [path, text]] of calls.entries()) {
      scene.clock.advance(1_000);
      client.mutate(i + 1, path, { text });
      await client.until(() => replies().length === i + 1);
    }
  }
  /** What each of these mutations is answered when the client, on another server, asks again. */
  async function askedAgain(requests: readonly number[]): Promise<ReturnType<typeof replies>> {
    await scene.restart();
    const back = scene.again(client);
    for (const request of requests) back.mutate(request, "its:echo", { text: "again" });
    await back.until(() => replies(back).length === requests.length);
    return requests.map((request) => replies(back).find((reply) => reply.request === request) as never);
  }
  const row = async () => String((await database.run("select outcomes from convex_lite.sessions"))[0]?.outcomes);

  test("has the last 64 of them kept, and is told of an older one that it was decided", async () => {
    await run(Array.from({ length: 70 }, (_, i) => ["its:echo", `${i + 1}`]));
    expect(JSON.parse(await row())).toHaveLength(64);
    const [older, oldest, last] = await askedAgain([6, 7, 70]);
    expect(older).toMatchObject({ error: { reason: "outcomeUnknown", message: expect.stringContaining("decided") } });
    expect([oldest, last]).toMatchObject([{ value: "7" }, { value: "70" }]);
    expect(runs).toBe(70);
  });

  test("has 256 KiB of them kept: the largest lose what they hold, and not whether they were done", async () => {
    const large: Parameters<typeof run>[0] = Array.from({ length: 6 }, (_, i) => [
      i % 2 === 0 ? "its:echo" : "its:fail",
      text(50 + i),
    ]);
    await run([["its:echo", "small"], ...large, ["its:fail", "too small to be cut"]]);
    expect((await row()).length).toBeLessThanOrEqual(257 * KIB);
    const [small, smallest, done, failed, cause] = await askedAgain([1, 2, 6, 7, 8]);
    expect([small, smallest]).toMatchObject([{ value: "small" }, { value: text(50) }]);
    expect(done).toMatchObject({
      error: { kind: "unavailable", reason: "outcomeUnknown", message: expect.stringMatching(/was done.*no longer/) },
    });
    expect(failed).toMatchObject({
      error: {
        kind: "unavailable",
        reason: "overloaded",
        message: expect.stringMatching(/failed.*nothing was written/),
      },
    });
    expect(cause).toMatchObject({ error: { kind: "application", data: "too small to be cut" } });
  });

  test("is told of one mutation with a large outcome, asked again, whether it was done", async () => {
    await run([
      ["its:echo", text(300)],
      ["its:fail", text(300)],
    ]);
    expect(await askedAgain([1, 2])).toMatchObject([
      { error: { reason: "outcomeUnknown", message: expect.stringContaining("was done") } },
      { error: { reason: "overloaded", message: expect.stringContaining("failed") } },
    ]);
  });

  test("does not make its record larger by claiming to have confirmed less, and loses only what it says it has", async () => {
    await run([
      ["its:echo", "one"],
      ["its:echo", "two"],
    ]);
    client.mutate(3, "its:echo", { text: "three" }, 1);
    await client.until(() => replies().length === 3);
    expect((JSON.parse(await row()) as [number, unknown][]).map(([request]) => request)).toEqual([2, 3]);
  });

  test("goes on from a record of a version that kept every outcome", async () => {
    await run([["its:echo", "one"]]);
    const outcomes = Array.from({ length: 200 }, (_, i) => [i + 1, { ok: true, value: text(8) }]);
    await database.run(`update convex_lite.sessions set last_decided = 200, outcomes = '${JSON.stringify(outcomes)}'`);
    await scene.restart();
    client = scene.again(client);
    client.mutate(201, "its:echo", { text: "next" });
    await client.until(() => replies().length === 1);
    expect((await row()).length).toBeLessThanOrEqual(257 * KIB);
    expect(await askedAgain([201])).toMatchObject([{ value: "next" }]);
  });
});

test("whatever a client does, its outcomes are few and small, and none changes from done to failed or back", () => {
  const step = fc.record({
    ok: fc.boolean(),
    length: fc.oneof(fc.nat(100), fc.nat(90_000)),
    letter: fc.constantFrom("a", "語", "\n"),
    confirmedUpTo: fc.nat(80),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let kept: Outcomes = new Map();
      const were = new Map<number, string>();
      for (const [i, { ok, length, letter, confirmedUpTo }] of steps.entries()) {
        const data = letter.repeat(length);
        const outcome = ok ? encodeSuccess(JSON.stringify(data)) : encodeFailure({ kind: "application", data });
        were.set(i + 1, outcome);
        kept = withOutcome(kept, i + 1, outcome, confirmedUpTo);
        expect(kept.size).toBeLessThanOrEqual(KEPT_OUTCOMES.count);
        expect(Buffer.byteLength([...kept.values()].join(""))).toBeLessThanOrEqual(KEPT_OUTCOMES.bytes);
        expect([...kept.keys()].slice(0, -1).every((number) => number > confirmedUpTo)).toBe(true);
      }
      for (const [number, outcome] of kept) {
        const was = were.get(number) ?? "";
        if (outcome === was) continue;
        expect(was.length).toBeGreaterThan(outcome.length);
        expect(outcome).toMatch(isSuccess(was) ? /was done/ : /failed and nothing was written/);
      }
    }),
    { numRuns: 30 },
  );
});
