import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { turn as allHaveRun } from "../../../tests/support/pauses.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { type Turn, WriteTurns } from "./write-turns.ts";

const WIDEST = 8;
const BUY = "shop:buy";
const VOTE = "polls:vote";
const RENAME = "people:rename";

/** One mutation, from its call to its end. */
class Write {
  readonly path: string;
  readonly #turns: WriteTurns;
  #turn: Turn | undefined;
  #waits = 0;
  hasEnded = false;

  constructor(turns: WriteTurns, path: string) {
    this.#turns = turns;
    this.path = path;
    this.#take(turns.begin(path));
  }

  get isRunning(): boolean {
    return this.#waits === 0 && !this.hasEnded;
  }

  /** Its try is lost after so many milliseconds, and it is tried again as soon as it may. */
  lose(ms = 0): void {
    this.#take(this.#turns.lost(this.path, this.#turn, ms));
  }

  commit(): void {
    this.#end(true);
  }

  fail(): void {
    this.#end(false);
  }

  #end(hasCommitted: boolean): void {
    this.hasEnded = true;
    this.#turns.end(this.path, this.#turn, hasCommitted);
  }

  #take(turn: Turn | Promise<Turn> | undefined): void {
    if (!(turn instanceof Promise)) {
      this.#turn = turn;
      return;
    }
    this.#waits++;
    void turn.then((turn) => {
      this.#turn = turn;
      this.#waits--;
    });
  }
}

class World {
  readonly clock = new HandClock();
  readonly turns = new WriteTurns(this.clock, WIDEST);

  readonly call = (path: string): Write => new Write(this.turns, path);
  readonly calls = (path: string, count: number): Write[] => Array.from({ length: count }, () => this.call(path));

  /** How many mutations of a path run, of as many as come at once. */
  async width(path: string): Promise<number> {
    const writes = this.calls(path, 3 * WIDEST);
    await allHaveRun();
    const width = running(writes);
    await end(writes, (write) => write.fail());
    return width;
  }

  /** Mutations of a path lose conflicts until only one of them runs at a time. @returns all of them. */
  async lose(path: string): Promise<Write[]> {
    const writes = this.calls(path, WIDEST);
    while (running(writes) > 1) {
      for (const write of writes) if (write.isRunning && running(writes) > 1) write.lose();
      await allHaveRun();
    }
    return writes;
  }

  /** Mutations of these paths have lost so many conflicts that those of each run one after the other. */
  async contend(...paths: string[]): Promise<void> {
    for (const path of paths) await end(await this.lose(path), (write) => write.fail());
    for (const path of paths) expect(await this.width(path)).toBe(1);
  }

  /** So many mutations of a path commit, with as many at once as may run. */
  async commits(path: string, count: number): Promise<void> {
    const writes = this.calls(path, count);
    await end(writes, (write) => write.commit());
  }
}

const running = (writes: readonly Write[]): number => writes.filter((write) => write.isRunning).length;

/** Ends them all, each when its turn has come. */
async function end(writes: readonly Write[], how: (write: Write) => void): Promise<void> {
  while (writes.some(({ hasEnded }) => !hasEnded)) {
    await allHaveRun();
    const next = writes.find((write) => write.isRunning);
    if (!next) throw new Error("Expected one to run. All wait.");
    how(next);
  }
  await allHaveRun();
}

describe("mutations of a path that loses no conflict", () => {
  test("wait for nothing, without a timer, and nothing is kept of them", () => {
    const { calls, clock, turns } = new World();
    const writes = calls(BUY, 1_000);
    expect(running(writes)).toBe(1_000);
    expect([turns.size, clock.waiting]).toEqual([0, 0]);
    for (const write of writes) write.commit();
    expect(turns.size).toBe(0);
  });

  test("are not held up by those of another that do", async () => {
    const world = new World();
    await world.contend(BUY);
    const waiting = world.calls(BUY, 20);
    expect(running(world.calls(RENAME, 50))).toBe(50);
    await end(waiting, (write) => write.commit());
  });
});

describe("mutations of a path that keeps losing conflicts", () => {
  test("run one after the other, in the order in which they were called", async () => {
    const world = new World();
    await world.contend(BUY);
    const writes = world.calls(BUY, 10);
    for (const write of writes) {
      await allHaveRun();
      expect(writes.filter(({ isRunning }) => isRunning)).toEqual([write]);
      write.commit();
    }
  });

  test("run beside each other while few of their tries are lost", async () => {
    const world = new World();
    await end(world.calls(BUY, 20), (write) => write.commit());
    for (let i = 0; i < 100; i++) {
      const writes = world.calls(BUY, WIDEST);
      await allHaveRun();
      expect(running(writes)).toBe(WIDEST);
      writes[0]?.lose();
      await end(writes, (write) => write.commit());
    }
  });

  test("are half as many at once with each two that are lost for each that may run", async () => {
    const world = new World();
    for (const [losses, width] of [
      [16, WIDEST],
      [1, 4],
      [9, 2],
      [5, 1],
      [50, 1],
    ] as const) {
      const writes = world.calls(BUY, WIDEST);
      for (let lost = 0, i = 0; lost < losses; i++) {
        const write = writes[i % WIDEST];
        if (!write?.isRunning) continue;
        write.lose();
        lost++;
      }
      await end(writes, (write) => write.fail());
      expect(await world.width(BUY)).toBe(width);
    }
  });

  test("are one at a time sooner where there were few from the beginning", async () => {
    const world = new World();
    const writes = world.calls(BUY, 2);
    for (let i = 0; i < 5; i++) writes[i % 2]?.lose();
    await end(writes, (write) => write.fail());
    expect(await world.width(BUY)).toBe(1);
  });

  test("are as many at once as before when they have committed for a while, and none was lost", async () => {
    const world = new World();
    await world.contend(BUY);
    // It is not tried at once whether more may run again.
    await world.commits(BUY, 30);
    expect(await world.width(BUY)).toBe(1);
    world.clock.advance(60);
    await world.commits(BUY, 100);
    expect(await world.width(BUY)).toBeGreaterThanOrEqual(WIDEST);
    expect(world.turns.size).toBe(0);
  });

  test("are no more at once because few were called at a time", async () => {
    const world = new World();
    await world.contend(BUY);
    world.clock.advance(60);
    for (let i = 0; i < 100; i++) await world.commits(BUY, 1);
    expect(await world.width(BUY)).toBe(2);
  });

  test("stay apart the longer, the longer the last try took that was lost: after a deadlock for a minute", async () => {
    const world = new World();
    await world.contend(BUY);
    const writes = world.calls(BUY, 10);
    for (let i = 0; i < 3; i++) writes[0]?.lose(1_000);
    for (let i = 0; i < 10; i++) writes[0]?.lose(5);
    await end(writes, (write) => write.commit());
    world.clock.advance(59_000);
    await world.commits(BUY, 20);
    expect(await world.width(BUY)).toBe(1);
    world.clock.advance(1_000);
    await world.commits(BUY, 20);
    expect(await world.width(BUY)).toBeGreaterThan(1);
  });

  test("keep their turn when they lose, and try again while the others wait", async () => {
    const world = new World();
    await world.contend(BUY);
    const [first, ...others] = world.calls(BUY, 5) as [Write, ...Write[]];
    for (let i = 0; i < 10; i++) {
      first.lose();
      await allHaveRun();
      expect(first.isRunning).toBe(true);
      expect(running(others)).toBe(0);
    }
    first.commit();
    await end(others, (write) => write.commit());
  });

  test("give way when more run than may, and then go before those that were called later", async () => {
    const world = new World();
    const before = world.calls(BUY, WIDEST);
    before[0]?.lose();
    await end(before, (write) => write.commit());
    const early = world.calls(BUY, WIDEST);
    const late = world.calls(BUY, 3);
    await allHaveRun();
    while (running(early) > 1) {
      for (const write of early) if (write.isRunning && running(early) > 1) write.lose();
      await allHaveRun();
    }
    expect(running(late)).toBe(0);
    await end(early, (write) => write.commit());
    expect(running(late)).toBe(1);
    await end(late, (write) => write.commit());
  });

  test("wait two seconds at most for one that does not end, and then no more for that one", async () => {
    const world = new World();
    await world.contend(BUY);
    const [stuck, ...others] = world.calls(BUY, 4) as [Write, ...Write[]];
    world.clock.advance(1_999);
    await allHaveRun();
    expect(running(others)).toBe(0);
    world.clock.advance(1);
    await allHaveRun();
    expect(running(others)).toBe(1);
    await end(others, (write) => write.commit());
    stuck.commit();
    expect(world.clock.waiting).toBe(0);
  });

  test("wait no longer when the server stops, and leave no timer", async () => {
    const world = new World();
    await world.contend(BUY);
    const writes = world.calls(BUY, 10);
    world.turns.close();
    await allHaveRun();
    expect(running(writes)).toBe(10);
    writes[0]?.lose();
    expect(running([...writes, world.call(BUY)])).toBe(11);
    expect([world.turns.size, world.clock.waiting]).toEqual([0, 0]);
  });
});

test("a path is known to lose for a minute, while none of its mutations runs", async () => {
  const world = new World();
  await world.contend(BUY);
  world.clock.advance(59_999);
  expect(await world.width(BUY)).toBe(1);
  world.clock.advance(1);
  await world.width(BUY);
  expect(world.turns.size).toBe(0);
  expect(running(world.calls(BUY, 50))).toBe(50);
});

test("a clock that is set back keeps nobody apart for longer", async () => {
  const world = new World();
  await world.contend(BUY);
  world.clock.jump(-3_600_000);
  for (let i = 0; i < 3; i++) await world.commits(BUY, 20);
  expect(await world.width(BUY)).toBeGreaterThan(1);
});

describe("mutations of several paths that lose to each other", () => {
  /** Their tries lose, although one of each path runs at most. */
  const loseToEachOther = async (world: World, ...paths: string[]) => {
    for (const path of paths) if ((await world.width(path)) > 1) await world.contend(path);
    const writes = paths.flatMap((path) => world.calls(path, 5));
    for (let i = 0; i < 10; i++) {
      for (const write of writes) if (write.isRunning) write.lose(1);
      await allHaveRun();
    }
    return writes;
  };

  test("take turns with each other, in the order in which they were called", async () => {
    const world = new World();
    const writes = await loseToEachOther(world, BUY, VOTE);
    await end(writes, (write) => {
      expect(running(writes)).toBe(1);
      write.commit();
    });
    const [a, b, c] = [world.call(VOTE), world.call(BUY), world.call(VOTE)];
    for (const next of [a, b, c]) {
      await allHaveRun();
      expect([a, b, c].filter(({ isRunning }) => isRunning)).toEqual([next]);
      next.commit();
    }
  });

  test("take no turns with those of a path that has made up for what it lost", async () => {
    const world = new World();
    await world.contend(BUY, VOTE, RENAME);
    await world.commits(RENAME, 40);
    await end(await loseToEachOther(world, BUY, VOTE), (write) => write.commit());
    const writes = [BUY, VOTE, RENAME].map((path) => world.call(path));
    await allHaveRun();
    expect(writes.map((write) => write.isRunning)).toEqual([true, false, true]);
    await end(writes, (write) => write.commit());
  });

  test("are let go one path at a time, when they have not lost for a while", async () => {
    const world = new World();
    const paths = [BUY, VOTE, RENAME];
    await end(await loseToEachOther(world, ...paths), (write) => write.commit());
    const atOnce: number[] = [];
    for (let i = 0; i < 4; i++) {
      const writes = paths.flatMap((path) => world.calls(path, 2));
      await allHaveRun();
      atOnce.push(running(writes));
      world.clock.advance(60);
      // The first commit shows that it is time, and all that follow are of the same moment.
      await end(writes, (write) => write.commit());
    }
    expect(atOnce.slice(0, 2)).toEqual([1, 2]);
    expect(atOnce[2]).toBeGreaterThan(2);
  });
});

test("whatever happens, each mutation gets its turn, and nothing is kept of what is over", async () => {
  const anyStep = fc.oneof(
    { weight: 4, arbitrary: fc.record({ calls: fc.constantFrom(BUY, VOTE, RENAME) }) },
    { weight: 6, arbitrary: fc.record({ loses: fc.nat(30), ms: fc.nat(3) }) },
    { weight: 4, arbitrary: fc.record({ ends: fc.nat(30), commits: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ passes: fc.nat(500) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 300, size: "max" }), async (steps) => {
      const { call, clock, turns } = new World();
      const writes: Write[] = [];
      const oneOf = (n: number) => {
        const able = writes.filter((write) => write.isRunning);
        return able[n % Math.max(1, able.length)];
      };
      for (const step of steps) {
        if ("calls" in step) writes.push(call(step.calls));
        else if ("loses" in step) oneOf(step.loses)?.lose(step.ms);
        else if ("passes" in step) clock.advance(step.passes);
        else if (step.commits) oneOf(step.ends)?.commit();
        else oneOf(step.ends)?.fail();
        await allHaveRun();
        // Of those that wait, one of each path waits for another that runs, or for two seconds.
        const isWaiting = writes.some((write) => !write.hasEnded && !write.isRunning);
        expect(clock.waiting > 0).toBe(isWaiting);
        expect(turns.size).toBeLessThanOrEqual(3);
      }
      await end(writes, (write) => write.commit());
      clock.advance(60_000);
      // What has not lost for a minute is forgotten when another path begins to.
      const last = call("notes:add");
      last.lose();
      expect(turns.size).toBe(1);
      last.commit();
      expect([turns.size, clock.waiting]).toEqual([1, 0]);
    }),
    { numRuns: 200 },
  );
});
