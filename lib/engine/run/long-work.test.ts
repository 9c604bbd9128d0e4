import { beforeEach, describe, expect, test } from "vitest";
import { HandClock } from "../../testing/hand-clock.ts";
import { LongWork } from "./long-work.ts";

const LONG = 1024 * 1024;

describe("long pieces of work", () => {
  let clock: HandClock;
  let work: LongWork;
  let began: string[];
  beforeEach(() => {
    clock = new HandClock();
    work = new LongWork(clock);
    began = [];
  });

  /** Does a piece of so many milliseconds when it is its turn. */
  function wants(name: string, ms: number): () => void {
    const look = () => {
      began.push(name);
      work.done(LONG, ms);
    };
    work.whenFree(look);
    return look;
  }

  test("begin at once when there was none", () => {
    expect(work.admits(LONG)).toBe(true);
  });

  test("are followed by a pause of three times what they took, of a second at most", () => {
    work.done(LONG, 20);
    expect(work.admits(LONG)).toBe(false);
    clock.advance(59);
    expect(work.admits(LONG)).toBe(false);
    clock.advance(1);
    expect(work.admits(LONG)).toBe(true);
    work.done(LONG, 5_000);
    clock.advance(1_000);
    expect(work.admits(LONG)).toBe(true);
  });

  test("wait for each other, in the order in which they were asked for", () => {
    work.done(LONG, 10);
    for (const name of ["first", "second", "third"]) wants(name, 10);
    clock.advance(30);
    expect(began).toEqual(["first"]);
    clock.advance(29);
    expect(began).toEqual(["first"]);
    clock.advance(31);
    expect(began).toEqual(["first", "second", "third"]);
  });

  test("that are asked for later do not go before those that wait", () => {
    work.done(LONG, 10);
    wants("first", 10);
    clock.advance(29);
    expect(work.isFree).toBe(false);
    clock.advance(1);
    expect(began).toEqual(["first"]);
  });

  test("keep no short work waiting, and short work keeps none waiting", () => {
    work.done(LONG, 100);
    expect(work.admits(1_000)).toBe(true);
    clock.advance(300);
    work.done(1_000, 100);
    expect(work.admits(LONG)).toBe(true);
  });

  test("that are not wanted any more leave no timer", async () => {
    work.done(LONG, 100);
    const look = wants("never", 10);
    expect(clock.waiting).toBe(1);
    work.forget(look);
    expect(clock.waiting).toBe(0);
    clock.advance(1_000);
    expect(began).toEqual([]);
  });

  test("can be awaited", async () => {
    await work.turn();
    work.done(LONG, 10);
    const turn = work.turn().then(() => began.push("awaited"));
    clock.advance(30);
    await turn;
    expect(began).toEqual(["awaited"]);
  });
});
