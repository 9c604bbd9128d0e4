import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Nowhere } from "../../tests/support/databases/nowhere.ts";
import { EngineScene } from "../../tests/support/engine-scene.ts";
import { ConnectionLostError } from "../database/driver/driver.ts";
import { createFunctions } from "../functions/define.ts";
import type { HandClock } from "../testing/hand-clock.ts";
import type { Engine } from "./engine.ts";

const { query } = createFunctions<Record<string, never>>();

/** How the next runs end, in order. When none is left, a run succeeds. */
const outcomes: (() => Promise<string>)[] = [];
const lost = () => Promise.reject(new ConnectionLostError("The backend was ended."));
const never = () => new Promise<string>(() => {});
const broken = () => Promise.reject(new TypeError("x is not a function"));

let runs = 0;
const report = query({
  handler: () => {
    runs++;
    return outcomes.shift()?.() ?? Promise.resolve("the report");
  },
});
const healthy = query({ handler: () => Promise.resolve("healthy") });

describe("a query that fails", () => {
  let scene: EngineScene;
  let clock: HandClock;
  let engine: Engine;

  beforeEach(() => {
    outcomes.length = 0;
    runs = 0;
    // Queries have one connection, one after the other.
    scene = new EngineScene(
      { reports: { report, healthy } },
      { driver: new Nowhere({ connections: 1, overlaps: false }) },
    );
    ({ clock, engine } = scene);
  });
  afterEach(() => scene?.close());

  const failed = { kind: "internal", incident: expect.any(String) };

  test("by losing its connection each time has that error for an answer, and delays no other query", async () => {
    outcomes.push(lost, lost, lost);
    const client = scene.asking("reports:report", "reports:healthy");
    for (let tries = 1; tries < 3; tries++) await scene.pausesPass(199, () => runs > tries);
    await scene.pausesPass(199, () => client.value(2) !== undefined);
    expect(client.value(2)).toBe("healthy");
    expect(client.value(1)).toEqual(failed);
    expect(runs).toBe(3);
  });

  test("for want of the database is run again by itself, with pauses that grow, until it succeeds", async () => {
    outcomes.push(lost, lost, lost, lost);
    const client = scene.asking("reports:report");
    await scene.pausesPass(199, () => client.value(1) !== undefined);
    expect(client.value(1)).toEqual(failed);
    clock.advance(1_000);
    await engine.settled();
    expect(client.value(1)).toEqual(failed);
    clock.advance(2_000);
    await engine.settled();
    expect(client.value(1)).toBe("the report");
    expect(runs).toBe(5);
    clock.advance(600_000);
    expect(runs).toBe(5);
  });

  test("by taking too long is run again a few times by itself, and not for ever", async () => {
    outcomes.push(...Array.from({ length: 100 }, () => never));
    const client = scene.asking("reports:report");
    await scene.rest();
    clock.advance(engine.limits.queryTimeoutMs);
    await engine.settled();
    expect(client.value(1)).toMatchObject({ kind: "unavailable", reason: "timedOut" });
    for (let i = 0; i < 60; i++) {
      client.say({ type: "Pong" });
      clock.advance(engine.limits.queryTimeoutMs);
      await scene.rest();
    }
    expect(runs).toBe(6);
  });

  test("by its own fault runs anew for each new request, and only then", async () => {
    outcomes.push(broken);
    const first = scene.asking("reports:report");
    await engine.settled();
    expect(first.value(1)).toEqual(failed);
    clock.advance(20_000);
    await engine.settled();
    expect(runs).toBe(1);

    const second = scene.asking("reports:report");
    await engine.settled();
    expect(second.value(1)).toBe("the report");
    expect(second.transitions).toHaveLength(1);
    expect(first.value(1)).toBe("the report");
    expect(await engine.preload("reports:report", {}, null)).toMatchObject({ ok: true });
    expect(runs).toBe(2);
  });
});
