import { describe, expect, test } from "vitest";
import { turn as allHaveRun } from "../../../tests/support/pauses.ts";
import type { Driver } from "../../database/driver/driver.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { defaultLimits } from "../run/limits.ts";
import { Retries } from "./retries.ts";

const CONNECTIONS = 10;
const ROWS = 100;
const DEADLOCK_MS = 1_000;

class ConflictError extends Error {}

interface Call {
  path: string;
  rows: number[];
}

/** Rows whose transactions conflict: of those that change a row at the same time, the first that commits wins. */
class World {
  readonly clock: HandClock;
  readonly retries: Retries;
  readonly #versions = new Map<number, number>();
  #free = CONNECTIONS;
  readonly #waiting: (() => void)[] = [];
  /** Until when the rows of a deadlock are locked. */
  readonly #heldUntil = new Map<number, number>();
  /** The share of lost tries that are noticed only when the database looks for deadlocks. */
  readonly #deadlocks: number;
  lost = 0;

  constructor(seed: number, deadlocks = 0) {
    this.clock = new HandClock(seed);
    const classify: Driver["classify"] = (error) => (error instanceof ConflictError ? "conflict" : "other");
    this.retries = new Retries({ classify, connections: CONNECTIONS } as Driver, this.clock, defaultLimits);
    this.#deadlocks = deadlocks;
  }

  /** One try of a transaction that reads and changes these rows. */
  async attempt(rows: readonly number[], begun = () => {}): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      begun();
      const seen = rows.map((row) => this.#versions.get(row) ?? 0);
      await this.pass(4 + this.clock.random() * 4);
      const held = Math.max(...rows.map((row) => this.#heldUntil.get(row) ?? 0)) - this.clock.now();
      if (held > 0) await this.pass(held);
      if (rows.some((row, i) => (this.#versions.get(row) ?? 0) !== seen[i])) {
        this.lost++;
        if (this.clock.random() < this.#deadlocks) {
          for (const row of rows) this.#heldUntil.set(row, this.clock.now() + DEADLOCK_MS);
          await this.pass(DEADLOCK_MS);
        }
        throw new ConflictError();
      }
      for (const row of rows) this.change(row);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  change(row: number): void {
    this.#versions.set(row, (this.#versions.get(row) ?? 0) + 1);
  }

  /** Milliseconds since the beginning. */
  get passed(): number {
    return this.clock.now() - new HandClock().now();
  }

  pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }

  /** So many clients, which call so many mutations each, one after the other. @returns the time that each call took. */
  async serve(clients: number, calls: number, nextCall: () => Call, run = this.mutate): Promise<number[]> {
    const times: number[] = [];
    const client = async () => {
      for (let i = 0; i < calls; i++) {
        const called = this.clock.now();
        await run(nextCall());
        times.push(this.clock.now() - called);
      }
    };
    await this.untilDone(Promise.all(Array.from({ length: clients }, client)));
    return times;
  }

  readonly mutate = ({ path, rows }: Call): Promise<void> =>
    this.retries.run((begun) => this.attempt(rows, begun), path);

  /** As a program would do it by itself. */
  readonly loop = async ({ rows }: Call): Promise<void> => {
    for (;;) {
      try {
        return await this.attempt(rows);
      } catch {}
    }
  };

  /** Time passes, timer by timer, until this has settled. */
  async untilDone<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await allHaveRun();
      if (!isDone) this.clock.advance(this.clock.nextDue ?? 0);
    }
    return done;
  }

  /** Two of the accounts, of which few are used often: the first in two of five places. */
  readonly transfer = (path = "bank:transfer"): Call => {
    const first = this.#account();
    for (;;) {
      const second = this.#account();
      if (second !== first) return { path, rows: [first, second] };
    }
  };

  #account(): number {
    return shares.findIndex((sum, i, { length }) => i === length - 1 || this.clock.random() < sum);
  }
}

/** Of the accounts from each on, the share that names it, by Zipf's law with an exponent of 1.5. */
const weights = Array.from({ length: ROWS }, (_, i) => (i + 1) ** -1.5);
const shares = weights.map((weight, i) => weight / weights.slice(i).reduce((sum, each) => sum + each, 0));

const share = (times: readonly number[], part: number): number =>
  times.toSorted((a, b) => a - b)[Math.ceil(times.length * part) - 1] as number;

describe.each([1, 2, 3])("64 clients that change a few hot rows (seed %i)", (seed) => {
  test("all win, in far fewer tries than by trying again, and none waits much longer than another", async () => {
    const plain = new World(seed);
    const plainTimes = await plain.serve(64, 20, () => plain.transfer(), plain.loop);
    const world = new World(seed);
    const times = await world.serve(64, 20, () => world.transfer());
    expect(times).toHaveLength(64 * 20);
    expect(world.lost).toBeLessThan(plain.lost / 8);
    expect(share(times, 0.99)).toBeLessThan(3 * share(times, 0.5));
    expect(share(times, 0.99)).toBeLessThan(share(plainTimes, 0.99));
    expect(world.clock.waiting).toBe(0);
  });

  test("are done ten times sooner than by trying again, where some that lose are in a deadlock", async () => {
    const plain = new World(seed, 0.3);
    await plain.serve(64, 20, () => plain.transfer(), plain.loop);
    const world = new World(seed, 0.3);
    await world.serve(64, 20, () => world.transfer());
    expect(10 * world.passed).toBeLessThan(plain.passed);
    // That is learnt now.
    const times = await world.serve(64, 20, () => world.transfer());
    expect(share(times, 0.99)).toBeLessThan(3 * share(times, 0.5));
  });

  test("by mutations of several paths", async () => {
    const world = new World(seed);
    const paths = ["bank:deposit", "bank:withdraw", "bank:transfer"];
    const anyPath = () => paths[Math.floor(world.clock.random() * paths.length)];
    await world.serve(64, 10, () => world.transfer(anyPath()));
    world.lost = 0;
    const times = await world.serve(64, 20, () => world.transfer(anyPath()));
    expect(world.lost).toBeLessThan(times.length / 3);
    expect(share(times, 0.99)).toBeLessThan(4 * share(times, 0.5));
  });

  test("wait for nobody who waits for them, while another server changes the same rows", async () => {
    const world = new World(seed);
    let isOver = false;
    const other = (async () => {
      while (!isOver) {
        await world.pass(world.clock.random() * 40);
        world.change(0);
      }
    })();
    const times = await world.serve(64, 10, () => world.transfer());
    isOver = true;
    await world.untilDone(other);
    expect(share(times, 1)).toBeLessThan(2_000);
  });

  test("hold up no mutation of another path", async () => {
    const world = new World(seed);
    await world.serve(64, 5, () => world.transfer());
    const others = (async () => {
      const times: number[] = [];
      for (let row = 1_000; row < 1_050; row++) {
        const called = world.clock.now();
        await world.mutate({ path: "people:rename", rows: [row] });
        times.push(world.clock.now() - called);
      }
      return times;
    })();
    await world.serve(64, 20, () => world.transfer());
    const times = await world.untilDone(others);
    // By itself it takes four to eight.
    expect(share(times, 0.9)).toBeLessThanOrEqual(16);
  });
});

test("what always loses to quicker ones runs by itself in the end, and wins", async () => {
  const world = new World(1);
  let tries = 0;
  let commits = 0;
  const slow = world.retries.run(async () => {
    tries++;
    const before = commits;
    await world.pass(200);
    if (commits > before) throw new ConflictError();
  });
  let isOver = false;
  const quick = async (row: number) => {
    while (!isOver) {
      await world.mutate({ path: "notes:add", rows: [row] });
      commits++;
    }
  };
  const others = Promise.all([1, 2, 3].map(quick));
  await world.untilDone(slow);
  isOver = true;
  await world.untilDone(others);
  expect(tries).toBe(4);
});

test("what runs by itself waits for no turn: who has one waits for it", async () => {
  const world = new World(1);
  const losing = (times: number, ms: number) =>
    world.retries.run(async (begun) => {
      begun();
      await world.pass(ms);
      if (times-- > 0) throw new ConflictError();
    }, "bank:transfer");
  // The others lose while the first, which has lost three times, waits for them. Then it loses again.
  await world.untilDone(Promise.all([losing(8, 3), losing(1, 50), losing(1, 50)]));
  expect(world.passed).toBeLessThan(1_000);
});
