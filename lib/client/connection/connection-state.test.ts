import { expect, test } from "vitest";
import { type ConnectionEvent, type ConnectionPhase, next } from "./connection-state.ts";

type State = ConnectionPhase["state"];

const phases: { [S in State]: Extract<ConnectionPhase, { state: S }> } = {
  idle: { state: "idle", attempt: 0 },
  connecting: { state: "connecting", attempt: 2 },
  open: { state: "open", attempt: 2 },
  waiting: { state: "waiting", attempt: 2, retryAt: 5_000 },
  stopped: { state: "stopped", attempt: 0 },
};

const events: { [E in ConnectionEvent["type"]]: Extract<ConnectionEvent, { type: E }> } = {
  wanted: { type: "wanted" },
  connected: { type: "connected" },
  synced: { type: "synced" },
  lost: { type: "lost", retryAt: 10_000 },
  renewed: { type: "renewed" },
  rested: { type: "rested" },
  stopped: { type: "stopped" },
};

/** A state or an event more does not compile until every cell is filled. */
const leadsTo: Record<State, Record<ConnectionEvent["type"], State>> = {
  idle: {
    wanted: "connecting",
    connected: "idle",
    synced: "idle",
    lost: "idle",
    renewed: "idle",
    rested: "idle",
    stopped: "stopped",
  },
  connecting: {
    wanted: "connecting",
    connected: "open",
    synced: "connecting",
    lost: "waiting",
    renewed: "connecting",
    rested: "idle",
    stopped: "stopped",
  },
  open: {
    wanted: "open",
    connected: "open",
    synced: "open",
    lost: "waiting",
    renewed: "connecting",
    rested: "idle",
    stopped: "stopped",
  },
  waiting: {
    wanted: "waiting",
    connected: "waiting",
    synced: "waiting",
    lost: "waiting",
    renewed: "connecting",
    rested: "idle",
    stopped: "stopped",
  },
  stopped: {
    wanted: "stopped",
    connected: "stopped",
    synced: "stopped",
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

test("what changes nothing returns the very same phase", () => {
  for (const [from, event, to] of cells) {
    if (from === to && event !== "synced") expect(next(phases[from], events[event])).toBe(phases[from]);
  }
});

test("failures are counted until the connection has synced", () => {
  const lost = events.lost;
  expect(next(phases.connecting, lost)).toEqual({ state: "waiting", attempt: 3, retryAt: 10_000 });
  expect(next(phases.open, lost)).toMatchObject({ attempt: 3 });
  expect(next(next(phases.open, events.synced), lost)).toMatchObject({ attempt: 1 });
  expect(next(phases.waiting, events.renewed)).toEqual({ state: "connecting", attempt: 2 });
  expect(next(next(phases.open, events.rested), events.wanted)).toEqual({ state: "connecting", attempt: 0 });
});
