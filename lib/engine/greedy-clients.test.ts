import { afterEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import {
  CountingDatabase,
  type CountingDatabaseOptions,
  type CountingDb,
} from "../../tests/support/databases/counting-database.ts";
import { Nowhere } from "../../tests/support/databases/nowhere.ts";
import { EngineScene } from "../../tests/support/engine-scene.ts";
import { turn } from "../../tests/support/pauses.ts";
import type { WireClient } from "../../tests/support/wire-client.ts";
import type { Cancel } from "../environment/environment.ts";
import { createFunctions } from "../functions/define.ts";
import { HandClock } from "../testing/hand-clock.ts";

const { query, mutation } = createFunctions<Record<string, never>>();
const countOf = ({ db }: { db: unknown }): CountingDb => db as CountingDb;

const args = z.object({ n: z.number(), ms: z.number() });
/** How many mutations there have been. Its run takes so many milliseconds. */
const report = query({ args, handler: (ctx, { ms }) => countOf(ctx).read(ms) });
const own = query({ args, handler: (ctx, { ms }) => countOf(ctx).read(ms) });
/** Changes what one report answers, or all of them. */
const touchReports = mutation({
  args: z.object({ n: z.number().optional() }),
  handler: async (ctx, { n }) => {
    await countOf(ctx).write(1);
    await ctx.scheduler.invalidate(report, n === undefined ? {} : { n });
  },
});
const touchOwn = mutation({
  handler: async (ctx) => {
    await countOf(ctx).write(1);
    await ctx.scheduler.invalidate(own, {});
  },
});

/** No ping is sent: the clients of these tests say nothing. */
const limits = { pingIntervalMs: 1e9, silenceTimeoutMs: 2e9 };
const TURN_MS = 250;
const REPORTS = 256;
/** Just below slow. */
const REPORT_MS = 200;

interface Case extends CountingDatabaseOptions {
  /** Follows "a client with many queries". */
  on: string;
  /** What a run of a bystander's query takes. A statement that runs is waited for where one runs at a time. */
  ownMs: number;
}

const sideBySide: Case = { on: "where statements overlap", connections: 10, overlaps: true, ownMs: 20 };
const manyReaders: Case = { on: "where they do not", connections: 64, overlaps: false, ownMs: 200 };
const oneConnection: Case = { on: "where there is one connection", connections: 1, overlaps: false, ownMs: 200 };

let clock: HandClock;
let scene: EngineScene<CountingDatabase>;
let cancelCommits: Cancel = () => {};
let isOpen = false;
/** When the scene began. */
let started = 0;
let lastCommit: Promise<unknown> = Promise.resolve();

function start({ connections, overlaps }: CountingDatabaseOptions): void {
  isOpen = true;
  clock = new HandClock();
  started = clock.now();
  const driver = new CountingDatabase(clock, { connections, overlaps });
  scene = new EngineScene({ m: { report, own, touchReports, touchOwn } }, { clock, driver, limits });
}

async function end(): Promise<void> {
  if (!isOpen) return;
  isOpen = false;
  cancelCommits();
  await scene.patiently(60_000, lastCommit);
  await scene.patiently(60_000, scene.close());
}
afterEach(end);

/** Lets time pass until `isSo`, ten minutes at most. @returns how many milliseconds have passed. */
async function untilSo(isSo: () => boolean): Promise<number> {
  const since = clock.now();
  for (;;) {
    await scene.rest();
    if (isSo()) return clock.now() - since;
    expect(clock.now() - since, "milliseconds of waiting").toBeLessThan(600_000);
    clock.advance(clock.nextDue ?? 1_000);
  }
}

/** Calls this mutation once a second from now on. */
function commitEachSecond(args: { n?: number } = {}): void {
  lastCommit = scene.mutation("m:touchReports", args);
  cancelCommits = clock.after(1_000, () => commitEachSecond(args));
}

/** Calls a mutation that a bystander's query reads as often as the database has done the one before. */
function commitAgainAndAgain(): void {
  let isOver = false;
  cancelCommits = () => {
    isOver = true;
  };
  lastCommit = scene.mutation("m:touchOwn").then(() => {
    if (!isOver) cancelCommits = clock.after(1, commitAgainAndAgain);
  });
}

const asksForReports = (reports = REPORTS) =>
  scene.asking(...Array.from({ length: reports }, (_, n) => ["m:report", { n, ms: REPORT_MS }] as const));
/** The different values that a client shows. */
const shown = (client: WireClient) => new Set(Array.from({ length: REPORTS }, (_, i) => client.value(i + 1)));

async function watchesReports(): Promise<WireClient> {
  const client = asksForReports();
  await untilSo(() => !shown(client).has(undefined));
  return client;
}

async function watchesOwn(ms: number): Promise<WireClient> {
  const client = scene.asking(["m:own", { n: 1, ms }]);
  await untilSo(() => client.value(1) !== undefined);
  return client;
}

/** What it shows after each transition within this time. */
async function movesWithin(ms: number, client: WireClient): Promise<Set<unknown>[]> {
  const moves: Set<unknown>[] = [];
  let had = client.transitions.length;
  for (const until = clock.now() + ms; clock.now() < until; ) {
    await scene.timePasses(Math.min(100, until - clock.now()));
    if (client.transitions.length > had) moves.push(shown(client));
    had = client.transitions.length;
  }
  return moves;
}

describe.each([sideBySide, manyReaders])("a client with many queries, each just below slow, $on", (database) => {
  test("is moved at least once a minute while a commit a second touches them all, and shows one revision", async () => {
    start(database);
    const greedy = await watchesReports();
    commitEachSecond();
    for (let minute = 0; minute < 2; minute++) {
      const moves = await movesWithin(60_000, greedy);
      expect(moves.length).toBeGreaterThan(0);
      for (const values of moves) expect(values.size).toBe(1);
    }
  });
});

describe("a client with many slow queries, where there are few connections", () => {
  test("one more waits until a lane ends: turns among long work are for the only connection", async () => {
    start({ connections: 5, overlaps: true });
    const all = [1, 2, 3, 4, 5];
    const greedy = scene.asking(...all.map((n) => ["m:report", { n, ms: 2_000 }] as const));
    await untilSo(() => all.every((n) => greedy.value(n) === 0));
    await scene.patiently(2_000, scene.mutation("m:touchReports", {}));
    const waitsForTurn = vi.spyOn(scene.engine.longWork, "whenFree");
    const late = scene.asking(["m:report", { n: 6, ms: 2_000 }]);
    await scene.rest();
    expect(waitsForTurn).not.toHaveBeenCalled();
    await untilSo(() => late.value(1) === 1);
  });
});

describe("a client with many queries, each just below slow, where there is one connection", () => {
  test("stays where it is while commits touch them faster than they run, and is moved when they pause", async () => {
    start(oneConnection);
    const greedy = await watchesReports();
    commitEachSecond();
    for (const values of await movesWithin(20_000, greedy)) expect(values.size).toBe(1);
    cancelCommits();
    const [values, ...others] = await movesWithin(60_000, greedy);
    expect(values).toEqual(new Set([scene.driver.count]));
    expect(others).toEqual([]);
  });

  test("has its turns although others have something due at all times", async () => {
    start(oneConnection);
    await watchesOwn(20);
    commitAgainAndAgain();
    const greedy = asksForReports(20);
    await untilSo(() => greedy.value(20) !== undefined || clock.now() > started + 60_000);
    expect(greedy.value(20)).toBeDefined();
  });

  test("has its turns although there is long work at all times", async () => {
    start(oneConnection);
    await watchesOwn(20);
    commitAgainAndAgain();
    const { longWork } = scene.engine;
    const works = [1, 2].map(() => {
      const work = () => {
        longWork.done(1024 * 1024, 1);
        longWork.whenFree(work);
      };
      longWork.whenFree(work);
      return work;
    });
    const greedy = asksForReports(20);
    await untilSo(() => greedy.value(20) !== undefined || clock.now() > started + 60_000);
    for (const work of works) longWork.forget(work);
    expect(greedy.value(20)).toBeDefined();
  });

  test("keeps the answers that commits do not touch until the others are there, too", async () => {
    start(oneConnection);
    const greedy = await watchesReports();
    const before = greedy.transitions.length;
    await scene.patiently(REPORT_MS, scene.mutation("m:touchReports"));
    const touched = scene.driver.count;
    commitEachSecond({ n: 0 });
    await untilSo(() => greedy.transitions.length > before);
    const [first, ...others] = [...shown(greedy)].sort() as number[];
    expect(first).toBeGreaterThanOrEqual(touched);
    expect(others.length).toBeGreaterThan(0);
  });
});

describe.each([sideBySide, manyReaders, oneConnection])("beside a client with many queries, $on,", (database) => {
  const { ownMs } = database;

  /** What the slowest of a hundred updates takes, from the mutation on. */
  async function slowestUpdate(hasGreedy: boolean): Promise<number> {
    start(database);
    if (hasGreedy) await watchesReports();
    const bystander = await watchesOwn(ownMs);
    commitEachSecond();
    const times: number[] = [];
    for (let i = 0; i < 100; i++) {
      await scene.timePasses(700 + ((i * 137) % 600));
      const had = bystander.transitions.length;
      void scene.mutation("m:touchOwn");
      times.push(await untilSo(() => bystander.transitions.length > had));
    }
    await end();
    return Math.max(...times);
  }

  test("an update takes no more than twice what it takes without it", async () => {
    const without = await slowestUpdate(false);
    const beside = await slowestUpdate(true);
    expect(beside).toBeLessThanOrEqual(2 * without);
  });

  test("a call and a mutation wait no longer than a turn while its first answers are made", async () => {
    start(database);
    const greedy = asksForReports(75);
    for (let i = 0; i < 5; i++) {
      await scene.timePasses(300 + 70 * i);
      const ended: string[] = [];
      void scene.query("m:own", { n: i, ms: 20 }).then(() => ended.push("call"));
      void scene.mutation("m:touchOwn").then(() => ended.push("mutation"));
      expect(await untilSo(() => ended.length === 2)).toBeLessThanOrEqual(TURN_MS + 20 + 1);
    }
    expect(greedy.value(75)).toBe(undefined);
  });
});

test("an update waits for the first queries only of a client that has come with many quick ones", async () => {
  start(sideBySide);
  const bystander = await watchesOwn(2);
  const had = bystander.transitions.length;
  void scene.mutation("m:touchOwn");
  const greedy = scene.asking(...Array.from({ length: 100 }, (_, n) => ["m:own", { n, ms: 3 }] as const));
  expect(await untilSo(() => bystander.transitions.length > had)).toBeLessThanOrEqual(20);
  expect(greedy.value(100)).toBe(undefined);
  await untilSo(() => greedy.value(100) !== undefined);
});

test("where queries block the thread, it is free between two batches, however many clients wait", async () => {
  let runs = 0;
  const blocking = query({
    args: z.object({ n: z.number() }),
    handler: () => {
      runs++;
      blocked.clock.jump(REPORT_MS);
      return Promise.resolve("done");
    },
  });
  const clock = new HandClock();
  clock.soon = setImmediate;
  await using blocked = new EngineScene(
    { m: { blocking } },
    { clock, driver: new Nowhere({ connections: 64, overlaps: false }), limits },
  );
  const clients = Array.from({ length: 20 }, (_, n) => blocked.asking(["m:blocking", { n }]));
  await turn();
  expect(runs).toBeLessThan(20);
  await blocked.pausesPass(TURN_MS, () => clients.every((client) => client.value(1) === "done"));
});
