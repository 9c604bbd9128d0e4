import { expect, test } from "vitest";
import { type ConnectionPhase, next } from "./connection-state.ts";

type State = ConnectionPhase["state"];

const phases: { [S in State]: Extract<ConnectionPhase, { state: S }> } = {
  idle: { state: "idle" },
  connecting: { state: "connecting" },
  open: { state: "open" },
  waiting: { state: "waiting", retryAt: 5_000 },
  stopped: { state: "stopped" },
};

/** With a new state this does not compile until every cell is filled. */
const mayLeadTo: Record<State, Record<State, boolean>> = {
  idle: { idle: false, connecting: true, open: false, waiting: false, stopped: true },
  connecting: { idle: true, connecting: false, open: true, waiting: true, stopped: true },
  open: { idle: true, connecting: true, open: false, waiting: true, stopped: true },
  waiting: { idle: true, connecting: true, open: false, waiting: false, stopped: true },
  stopped: { idle: false, connecting: false, open: false, waiting: false, stopped: false },
};

const cells = Object.entries(mayLeadTo).flatMap(([from, row]) =>
  Object.entries(row).map(([to, may]) => [from, to, may] as [State, State, boolean]),
);

test.each(cells)("%s may lead to %s: %s", (from, to, may) => {
  const asked = { ...phases[to] };
  expect(next(phases[from], asked)).toBe(may ? asked : phases[from]);
});

test("a lost connection knows when the next attempt is due", () => {
  expect(next(phases.open, { state: "waiting", retryAt: 10_000 })).toEqual({ state: "waiting", retryAt: 10_000 });
});
