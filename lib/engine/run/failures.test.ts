import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { EngineScene } from "../../../tests/support/engine-scene.ts";
import { createFunctions } from "../../functions/define.ts";
import { BadRequestError } from "../../protocol/function-error.ts";
import type { WireError } from "../../protocol/outcome.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { ConvexError } from "../../values/errors.ts";
import { Failures } from "./failures.ts";
import { defaultLimits } from "./limits.ts";

const { mutation } = createFunctions<Record<string, never>>();

const KIB = 1024;
const strict = mutation({ args: z.object({ words: z.array(z.string()) }), handler: async () => {} });
const tell = mutation({
  args: z.object({ data: z.unknown() }),
  handler: async (_ctx, { data }) => {
    throw new ConvexError(data as string);
  },
});

let scene: EngineScene;
beforeEach(() => {
  scene = new EngineScene({ its: { strict, tell } }, { limits: { resultBytes: 10 * KIB } });
});
afterEach(() => scene.close());

async function errorOf(path: string, args: Record<string, unknown>): Promise<WireError> {
  const outcome = await scene.mutation(path, args);
  if (outcome.ok) throw new Error("Expected an error.");
  return outcome.error;
}

describe("what leaves the server about an error is short", () => {
  test("when the caller passes an argument whose name is long", async () => {
    const error = await errorOf("its:strict", { words: [], ["語".repeat(60_000)]: 1 });
    expect(error).toMatchObject({
      kind: "badRequest",
      message: expect.stringMatching(/^its:strict does not accept.*…$/),
    });
    expect(JSON.stringify(error).length).toBeLessThanOrEqual(3 * KIB);
  });

  test("when a great many parts of the arguments are wrong", async () => {
    const error = await errorOf("its:strict", { words: Array.from({ length: 50_000 }, () => 1) });
    expect(error).toMatchObject({
      kind: "badRequest",
      issues: expect.arrayContaining([{ path: ["words", 0], message: expect.any(String) }]),
    });
    expect("issues" in error && error.issues).toHaveLength(20);
  });

  test("when it is in development, where the browser is shown what the terminal holds whole", () => {
    const failures = new Failures(new HandClock(), true, defaultLimits);
    const error = failures.toWireError(new Error("y".repeat(5 * KIB)), "its:tell");
    expect(error).toMatchObject({ kind: "internal", message: `${"y".repeat(KIB - 3)}…` });
  });

  test("whatever its texts are", () => {
    const failures = new Failures(new HandClock(), false, defaultLimits);
    const part = fc.oneof(fc.integer(), fc.string({ unit: "binary", maxLength: 2_000 }));
    const issue = fc.record({
      path: fc.array(part, { maxLength: 64 }),
      message: fc.string({ unit: "binary", maxLength: 2_000 }),
    });
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 2_000 }),
        fc.array(issue, { maxLength: 40 }),
        (message, issues) => {
          const error = failures.toWireError(new BadRequestError(message, issues), "its:strict") as Extract<
            WireError,
            { kind: "badRequest" }
          >;
          const texts = [
            error.message,
            ...(error.issues ?? []).flatMap(({ message, path }) => [message, path.join("")]),
          ];
          for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(KIB);
          expect(error.issues ?? []).toHaveLength(Math.min(issues.length, 20));
          if (Buffer.byteLength(message) <= KIB) expect(error.message).toBe(message);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("the data of a ConvexError", () => {
  test("reaches the caller up to the size of a result, and is an internal error beyond it", async () => {
    const fits = "z".repeat(10 * KIB - 2);
    expect(await errorOf("its:tell", { data: fits })).toEqual({ kind: "application", data: fits });
    expect(await errorOf("its:tell", { data: `${fits}z` })).toEqual({ kind: "internal", incident: expect.any(String) });
    const said = scene.clock.lines.map(({ about }) => String((about as { error: Error }).error.message));
    expect(said).toEqual([expect.stringMatching(/its:tell.*ConvexError.*10241 bytes.*limit is 10240/)]);
  });
});
