import { expect, test } from "vitest";
import { SendRate } from "./send-rate.ts";

test("the messages of one second may be sent at once, then one whenever its share of a second has passed", () => {
  const pace = new SendRate();
  pace.start();
  for (let n = 0; n < 4; n++) {
    expect(pace.wait(0, 4)).toBe(0);
    pace.spend(0, 4);
  }
  expect(pace.wait(0, 4)).toBe(250);
  expect(pace.wait(100, 4)).toBe(150);
  expect(pace.wait(250, 4)).toBe(0);
  pace.spend(250, 4);
  expect(pace.wait(10_000, 4)).toBe(0);
  for (let n = 0; n < 4; n++) pace.spend(10_000, 4);
  expect(pace.wait(10_000, 4)).toBe(250);
});

test("a lower rate of the server holds at once", () => {
  const pace = new SendRate();
  pace.start();
  expect(pace.wait(0, 50)).toBe(0);
  pace.spend(0, 1);
  expect(pace.wait(0, 1)).toBe(1_000);
});
