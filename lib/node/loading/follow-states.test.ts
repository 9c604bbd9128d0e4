import { describe, expect, test } from "vitest";
import {
  afterChange,
  afterPush,
  afterSave,
  afterTask,
  isKnown,
  mustServe,
  noticeOf,
  type SavedEvent,
  type SavedState,
  type TaskState,
  whenServed,
} from "./follow-states.ts";

describe("what became of the last save", () => {
  const states = {
    served: { name: "served" },
    broken: { name: "broken", message: "b", afterRefusal: false },
    brokenAfterRefusal: { name: "broken", message: "b", afterRefusal: true },
    refused: { name: "refused", message: "r" },
  } satisfies Record<string, SavedState>;
  const events = {
    loadFailed: { type: "loadFailed", message: "b" },
    refused: { type: "refused", message: "r" },
    served: { type: "served" },
  } satisfies Record<string, SavedEvent>;

  type StateName = keyof typeof states;
  type EventName = keyof typeof events;

  const table: Record<StateName, Record<EventName, StateName>> = {
    served: { loadFailed: "broken", refused: "refused", served: "served" },
    broken: { loadFailed: "broken", refused: "refused", served: "served" },
    brokenAfterRefusal: { loadFailed: "brokenAfterRefusal", refused: "refused", served: "served" },
    refused: { loadFailed: "brokenAfterRefusal", refused: "refused", served: "served" },
  };

  test.each(
    Object.entries(table).flatMap(([from, row]) =>
      Object.entries(row).map(([event, to]) => [from as StateName, event as EventName, to] as const),
    ),
  )("%s, %s: %s", (from, event, to) => {
    expect(afterSave(states[from], events[event])).toEqual(states[to]);
  });

  test("code that is served already is served again after a refusal, and only then", () => {
    expect(mustServe(states.served, true)).toBe(false);
    expect(mustServe(states.broken, true)).toBe(false);
    expect(mustServe(states.brokenAfterRefusal, true)).toBe(true);
    expect(mustServe(states.refused, true)).toBe(true);
    for (const state of Object.values(states)) expect(mustServe(state, false)).toBe(true);
  });

  test("a failure is known if the state has the same message", () => {
    expect(isKnown(states.broken, events.loadFailed)).toBe(true);
    expect(isKnown(states.refused, events.refused)).toBe(true);
    expect(isKnown(states.refused, events.loadFailed)).toBe(false);
    expect(isKnown(states.served, events.loadFailed)).toBe(false);
    expect(isKnown(states.served, events.served)).toBe(false);
  });
});

describe("the database and the functions that are served", () => {
  const refusal = { message: "rows would be lost" };

  test("a database is known to fit a schema only after a push that was not refused", () => {
    expect(afterPush("key", undefined)).toEqual({ name: "fits", schemaKey: "key" });
    expect(afterPush("key", refusal)).toEqual({ name: "unknown" });
  });

  test("pages are told why the last save is not served; else why what is served does not fit", () => {
    expect(noticeOf(whenServed(undefined), undefined)).toBeUndefined();
    expect(noticeOf(whenServed(undefined), "not reloaded")).toBe("not reloaded");
    expect(noticeOf(whenServed(refusal), undefined)).toBe("rows would be lost");
    expect(noticeOf(whenServed(refusal), "not reloaded")).toBe("not reloaded");
  });
});

test("a task runs once at a time, and once more for all changes in the meantime", () => {
  const states: TaskState[] = [{ name: "idle" }];
  const step = (next: (state: TaskState) => TaskState) => states.push(next(states.at(-1) as TaskState));
  step((state) => afterChange(state, true));
  step((state) => afterChange(state, true));
  step((state) => afterChange(state, false));
  step(afterTask);
  step(afterTask);
  expect(states).toEqual([
    { name: "idle" },
    { name: "running" },
    { name: "runningAndDue", saved: true },
    { name: "runningAndDue", saved: true },
    { name: "running" },
    { name: "idle" },
  ]);
});
