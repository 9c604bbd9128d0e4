import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WireClient } from "../../tests/support/wire-client.ts";
import { ConnectionLostError, type DatabaseConnection, type Driver } from "../database/driver/driver.ts";
import { createFunctions } from "../functions/define.ts";
import { HandClock } from "../testing/hand-clock.ts";
import { createEngine, type Engine } from "./engine.ts";

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

const connection: DatabaseConnection = {
  dialect: "pg",
  db: {},
  begin: async () => {},
  execute: async () => [],
  change: async () => 0,
  commit: async () => true,
  rollback: async () => {},
  release: () => {},
  destroy: () => {},
};
const driver: Driver = {
  dialect: "pg",
  connections: 1,
  overlaps: false,
  shared: true,
  description: "a database that is always there",
  connect: async () => connection,
  useSchema: () => {},
  classify: (error) => (error instanceof ConnectionLostError ? "connectionLost" : "other"),
  close: async () => {},
};

describe("a query that fails", () => {
  let clock: HandClock;
  let engine: Engine;
  let clients = 0;

  beforeEach(() => {
    outcomes.length = 0;
    runs = 0;
    clock = new HandClock();
    engine = createEngine({ driver, environment: clock, development: false });
    engine.useFunctions({ reports: { report, healthy } }, {});
  });
  afterEach(async () => {
    await engine?.close();
    expect(clock?.waiting ?? 0).toBe(0);
  });

  const watching = (...paths: string[]) => {
    const client = new WireClient(engine).connect((++clients).toString(16).padStart(32, "0"));
    paths.forEach((path, i) => {
      client.subscribe(i + 1, path);
    });
    return client;
  };
  const failed = { kind: "internal", incident: expect.any(String) };

  test("by losing its connection each time has that error for an answer, and delays no other query", async () => {
    outcomes.push(lost, lost, lost);
    const client = watching("reports:report", "reports:healthy");
    for (let tries = 1; tries < 3; tries++) await patiently(clock, () => runs > tries);
    await patiently(clock, () => client.value(2) !== undefined);
    expect(client.value(2)).toBe("healthy");
    expect(client.value(1)).toEqual(failed);
    expect(runs).toBe(3);
  });

  test("for want of the database is run again by itself, with pauses that grow, until it succeeds", async () => {
    outcomes.push(lost, lost, lost, lost);
    const client = watching("reports:report");
    await patiently(clock, () => client.value(1) !== undefined);
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
    const client = watching("reports:report");
    await engineStands();
    clock.advance(engine.limits.queryTimeoutMs);
    await engine.settled();
    expect(client.value(1)).toMatchObject({ kind: "unavailable", reason: "timedOut" });
    for (let i = 0; i < 60; i++) {
      client.say({ type: "Pong" });
      clock.advance(engine.limits.queryTimeoutMs);
      await engineStands();
    }
    expect(runs).toBe(6);
  });

  test("by its own fault runs anew for each new request, and only then", async () => {
    outcomes.push(broken);
    const first = watching("reports:report");
    await engine.settled();
    expect(first.value(1)).toEqual(failed);
    clock.advance(20_000);
    await engine.settled();
    expect(runs).toBe(1);

    const second = watching("reports:report");
    await engine.settled();
    expect(second.value(1)).toBe("the report");
    expect(second.transitions).toHaveLength(1);
    expect(first.value(1)).toBe("the report");
    expect(await engine.preload("reports:report", {}, null)).toMatchObject({ ok: true });
    expect(runs).toBe(2);
  });
});

/** Resolves when all work that needs no timer is done. */
async function engineStands(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets the engine's pauses shorter than 200 ms pass until the condition holds. */
async function patiently(clock: HandClock, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await engineStands();
    if (clock.nextDue !== undefined && clock.nextDue < 200) clock.advance(clock.nextDue);
  }
}
