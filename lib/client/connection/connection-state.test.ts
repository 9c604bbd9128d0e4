import { expect, test } from "vitest";
import { type ConnectionEvent, type ConnectionPhase, next } from "./connection-state.ts";

type State = ConnectionPhase["state"];

const phases: { [S in State]: Extract<ConnectionPhase, { state: S }> } = {
  idle: { state: "idle" },
  connecting: { state: "connecting" },
  open: { state: "open" },
  waiting: { state: "waiting", retryAt: 5_000 },
  stopped: { state: "stopped" },
};

const events: { [E in ConnectionEvent["type"]]: Extract<ConnectionEvent, { type: E }> } = {
  wanted: { type: "wanted" },
  connected: { type: "connected" },
  lost: { type: "lost", retryAt: 10_000 },
  renewed: { type: "renewed" },
  rested: { type: "rested" },
  stopped: { type: "stopped" },
};

/** With a new state or event this does not compile until every cell is filled. */
const leadsTo: Record<State, Record<ConnectionEvent["type"], State>> = {
  idle: {
    wanted: "connecting",
    connected: "idle",
    lost: "idle",
    renewed: "idle",
    rested: "idle",
    stopped: "stopped",
  },
  connecting: {
    wanted: "connecting",
    connected: "open",
    lost: "waiting",
    renewed: "connecting",
    rested: "idle",
    stopped: "stopped",
  },
  open: {
    wanted: "open",
    connected: "open",
    lost: "waiting",
    renewed: "connecting",
    rested: "idle",
    stopped: "stopped",
  },
  waiting: {
    wanted: "waiting",
    connected: "waiting",
    lost: "waiting",
    renewed: "connecting",
    rested: "idle",
    stopped: "stopped",
  },
  stopped: {
    wanted: "stopped",
    connected: "stopped",
    lost: "stopped",
    renewed: "stopped",
    rested: "stopped",
    stopped: "stopped",
  },
};

const cells = Object.entries(leadsTo).flatMap(([from, row]) =>
  Object.entries(row).map(([event, to]) => [from, event, to] as [State, ConnectionEvent["type"], State]),
);

test.each(cells)("%s, then %s: %s", (from, event, to) => {
  expect(next(phases[from], events[event]).state).toBe(to);
});

test("an event that changes nothing returns the same phase", () => {
  for (const [from, event, to] of cells) {
    if (from === to) expect(next(phases[from], events[event])).toBe(phases[from]);
  }
});

test("a lost connection knows when the next attempt is due", () => {
  expect(next(phases.open, events.lost)).toEqual({ state: "waiting", retryAt: 10_000 });
});
