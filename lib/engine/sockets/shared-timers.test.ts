import { beforeEach, describe, expect, test } from "vitest";
import { HandClock } from "../../testing/hand-clock.ts";
import { SharedTimers } from "./shared-timers.ts";

describe("shared timers", () => {
  let clock: HandClock;
  let timers: SharedTimers;
  const called: string[] = [];
  const named = (name: string) => ({ onDue: () => void called.push(name) });

  beforeEach(() => {
    called.length = 0;
    clock = new HandClock();
    timers = new SharedTimers(clock);
  });

  test("call each owner once, not before its time and little after, by one timer for all that are due together", () => {
    const thousand = Array.from({ length: 1_000 }, (_, i) => named(String(i)));
    for (const one of thousand) timers.after(5_000, one);
    expect(clock.waiting).toBe(1);
    clock.advance(10);
    timers.after(5_000, named("later"));
    clock.advance(4_980);
    expect(called).toEqual([]);
    clock.advance(10);
    expect(called).toHaveLength(1_000);
    clock.advance(110);
    expect(called).toHaveLength(1_001);
    expect(clock.waiting).toBe(0);
  });

  test("leave no timer when all owners are deleted", () => {
    const one = named("one");
    const other = named("other");
    const group = timers.after(5_000, one);
    timers.after(5_000, other).delete(other);
    expect(clock.waiting).toBe(1);
    group.delete(one);
    expect(clock.waiting).toBe(0);
    clock.advance(10_000);
    expect(called).toEqual([]);
  });

  test("call no owner too soon because the clock was set back", () => {
    timers.after(5_000, named("before"));
    clock.jump(-3_000);
    timers.after(8_000, named("after"));
    clock.advance(7_900);
    expect(called).toEqual(["before"]);
    clock.advance(200);
    expect(called).toEqual(["before", "after"]);
    expect(clock.waiting).toBe(0);
  });
});
