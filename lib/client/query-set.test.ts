import { describe, expect, test } from "vitest";
import type { QueryKey } from "../functions/query-key.ts";
import { HandClock } from "../testing/hand-clock.ts";
import { QuerySet, UNMOUNT_GRACE } from "./query-set.ts";

const a = "x:a{}" as QueryKey;
const b = "x:b{}" as QueryKey;

function querySet() {
  const clock = new HandClock();
  const released: QueryKey[] = [];
  return { clock, released, questions: new QuerySet(clock, (key) => released.push(key)) };
}

describe("a query set", () => {
  test("asks once for any number of watchers, and lets go after the last and the grace", () => {
    const { clock, released, questions } = querySet();
    questions.watch(a);
    questions.watch(a);
    const [question] = questions.toSay(10).room;
    if (question) questions.said(question, undefined);
    expect(questions.toSay(10).room).toEqual([]);
    questions.unwatch(a);
    clock.advance(UNMOUNT_GRACE);
    expect(released).toEqual([]);
    questions.unwatch(a);
    clock.advance(UNMOUNT_GRACE - 1);
    expect(released).toEqual([]);
    clock.advance(1);
    expect([released, questions.takeUnwanted(), questions.takeUnwanted()]).toEqual([[a], [1], []]);
  });

  test("says nothing of a question that came and went before it could be said", () => {
    const { clock, questions } = querySet();
    questions.watch(a);
    questions.unwatch(a);
    clock.advance(UNMOUNT_GRACE);
    expect([questions.toSay(10).room, questions.takeUnwanted(), questions.size]).toEqual([[], [], 0]);
  });

  test("never gives a number twice", () => {
    const { clock, questions } = querySet();
    questions.watch(a);
    questions.unwatch(a);
    clock.advance(UNMOUNT_GRACE);
    questions.watch(a);
    expect(questions.toSay(10).room.map(({ id }) => id)).toEqual([2]);
  });

  test("says everything again on another connection, and no good-byes of the one before", () => {
    const { clock, questions } = querySet();
    for (const key of [a, b]) questions.watch(key);
    for (const question of questions.toSay(10).room) questions.said(question, undefined);
    questions.unwatch(a);
    clock.advance(UNMOUNT_GRACE);
    questions.disconnected();
    expect([questions.takeUnwanted(), questions.toSay(10).room.map(({ key }) => key)]).toEqual([[], [b]]);
  });

  test("makes room with what nobody watches before it leaves anything out", () => {
    const { clock, released, questions } = querySet();
    questions.watch(a);
    for (const question of questions.toSay(1).room) questions.said(question, undefined);
    questions.watch(b);
    expect(questions.toSay(1)).toMatchObject({ room: [], beyond: [{ key: b }] });
    questions.unwatch(a);
    expect(questions.toSay(1)).toMatchObject({ room: [{ key: b }], beyond: [] });
    expect([released, clock.waiting]).toEqual([[a], 0]);
  });
});
