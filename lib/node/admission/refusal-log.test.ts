import { expect, test } from "vitest";
import { HandClock } from "../../testing/hand-clock.ts";
import { RefusalLog, shown } from "./refusal-log.ts";

test("a refusal is one line a minute, and however many clients are refused for, there are ten lines", () => {
  const clock = new HandClock();
  const refusals = new RefusalLog(clock.log, clock);
  for (let i = 0; i < 100; i++) refusals.write("refused ada");
  expect(clock.lines).toEqual([{ level: "warn", message: "refused ada" }]);
  for (let i = 0; i < 100; i++) refusals.write(`refused ${i}`);
  expect(clock.lines).toHaveLength(10);
  clock.advance(60_000);
  refusals.write("refused ada");
  expect(clock.lines.slice(10).map(({ message }) => message)).toEqual([
    "refusals of the last minute that were not logged: 91",
    "refused ada",
  ]);
});

test("what a client has sent reaches the log as a few printable characters", () => {
  expect(shown("http://a.example")).toBe("http://a.example");
  expect(shown("\u001b[2J\r\u009b1mé")).toBe("?[2J??1m?");
  expect(shown("x".repeat(1_000))).toHaveLength(101);
  expect(shown(undefined)).toBe("none");
});
