import { expect, test } from "vitest";
import { Pace } from "./pace.ts";

test("a second's worth may go at once, then one each time its share of a second has passed", () => {
  const pace = new Pace();
  pace.start(0, 4);
  for (let n = 0; n < 4; n++) {
    expect(pace.wait(0)).toBe(0);
    pace.spend();
  }
  expect(pace.wait(0)).toBe(250);
  expect(pace.wait(100)).toBe(150);
  expect(pace.wait(250)).toBe(0);
  pace.spend();
  expect(pace.wait(10_000)).toBe(0);
  for (let n = 0; n < 4; n++) pace.spend();
  expect(pace.wait(10_000)).toBe(250);
});

test("a server that takes less than was thought is heeded at once", () => {
  const pace = new Pace();
  pace.start(0, 50);
  pace.limit(1);
  pace.spend();
  expect(pace.wait(0)).toBe(1_000);
});
