import { beforeEach, describe, expect, test } from "vitest";
import { HandClock } from "../../testing/hand-clock.ts";
import { SharedTimers } from "./shared-timers.ts";

describe("rounds", () => {
  let clock: HandClock;
  let rounds: SharedTimers;
  const looked: string[] = [];
  const named = (name: string) => ({ onDue: () => void looked.push(name) });

  beforeEach(() => {
    looked.length = 0;
    clock = new HandClock();
    rounds = new SharedTimers(clock);
  });

  test("look at everything once, not before its time and little after, by one timer for all that are due together", () => {
    const thousand = Array.from({ length: 1_000 }, (_, i) => named(String(i)));
    for (const one of thousand) rounds.after(5_000, one);
    expect(clock.waiting).toBe(1);
    clock.advance(10);
    rounds.after(5_000, named("later"));
    clock.advance(4_980);
    expect(looked).toEqual([]);
    clock.advance(10);
    expect(looked).toHaveLength(1_000);
    clock.advance(110);
    expect(looked).toHaveLength(1_001);
    expect(clock.waiting).toBe(0);
  });

  test("leave nothing behind when all have left", () => {
    const one = named("one");
    const other = named("other");
    const round = rounds.after(5_000, one);
    rounds.after(5_000, other).delete(other);
    expect(clock.waiting).toBe(1);
    round.delete(one);
    expect(clock.waiting).toBe(0);
    clock.advance(10_000);
    expect(looked).toEqual([]);
  });

  test("look at nothing too soon because the clock was set back", () => {
    rounds.after(5_000, named("before"));
    clock.jump(-3_000);
    rounds.after(8_000, named("after"));
    clock.advance(7_900);
    expect(looked).toEqual(["before"]);
    clock.advance(200);
    expect(looked).toEqual(["before", "after"]);
    expect(clock.waiting).toBe(0);
  });
});
