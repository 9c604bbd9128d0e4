import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyText, anyValue } from "../../../tests/support/any-value.ts";
import { ScriptedServer, settle } from "../../../tests/support/scripted-server.ts";
import type { ValueAnswer } from "../../engine/answers/answer.ts";
import { AnswerTokens } from "../../engine/answers/answer-tokens.ts";
import { encodeAnswer } from "../../engine/answers/encode-answer.ts";
import type { QueryKey } from "../../functions/query-key.ts";
import { encodePatchAlone } from "../../protocol/encode.ts";
import { type Patch, serverMessage } from "../../protocol/server-message.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { fromWire, toWire, type Wire } from "../../values/wire.ts";
import { USUAL_LIMITS } from "../connection/connection.ts";
import { type Answer, goodAnswer } from "./answer.ts";
import { applyPatch } from "./apply-patch.ts";
import { heldAnswer, shownAnswer } from "./query-record.ts";
import { QuerySet } from "./query-set.ts";
import { ServerAnswers } from "./server-answers.ts";

/** A text that makes a patch of one row worthwhile: longer than the message around it. */
const LONG = "x".repeat(120);

/** The server's answer to a query that has answered `previous`. */
const tokens = new AnswerTokens("secret");
const answer = (value: unknown, previous?: ValueAnswer) =>
  encodeAnswer(1, "m:list", value, 1_000_000, tokens, previous);
const whole = ({ valueText, token }: ValueAnswer): Answer =>
  goodAnswer(undefined, fromWire(JSON.parse(valueText) as Wire), token);
const wireText = (value: unknown) => JSON.stringify(toWire(value));

/** The patch that the server sends a client with `from`, as the client parses it. */
function patchOf(from: ValueAnswer, to: ValueAnswer): Patch | undefined {
  const told = to.since(from.token);
  if (told === undefined) return undefined;
  const message = { type: "Transition", at: 1, answers: [JSON.parse(told.text)] };
  expect(serverMessage.parse(message)).toEqual(message);
  return message.answers[0] as Patch;
}

function mustPatch(before: unknown, after: unknown): { base: Answer; patch: Patch; target: Answer } {
  const from = answer(before);
  const to = answer(after, from);
  const patch = patchOf(from, to);
  if (patch === undefined) throw new Error("Expected a patch.");
  return { base: whole(from), patch, target: whole(to) };
}

/** Rows with few ids that may repeat, of a few kinds; whole rows may repeat too. */
const anyRow = fc.record({
  id: fc.nat(12),
  at: fc.date({ noInvalidDate: false }),
  text: fc.oneof(anyText, fc.constantFrom("a", "日本語", "\ud83d\ude00", "\ud800", '"', "\u2028")),
  more: fc.oneof({ weight: 4, arbitrary: fc.constant(LONG) }, { weight: 1, arbitrary: anyValue }),
});
const anyRows = fc.array(anyRow, { maxLength: 12 });
const anyList = fc.oneof(
  { weight: 6, arbitrary: anyRows },
  { weight: 1, arbitrary: fc.array(anyValue, { maxLength: 6 }) },
);

type Edit = { at: number; row: unknown } & ({ kind: "insert" | "replace" | "remove" } | { kind: "move"; to: number });
const anyEdit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constantFrom("insert", "replace", "remove"), at: fc.nat(12), row: anyRow }),
  fc.record({ kind: fc.constant("move"), at: fc.nat(12), to: fc.nat(12), row: fc.constant(null) }),
);

function edited(rows: unknown[], edits: Edit[]): unknown[] {
  const list = [...rows];
  for (const edit of edits) {
    const at = edit.at % (list.length + 1);
    if (edit.kind === "insert") list.splice(at, 0, edit.row);
    else if (at === list.length) continue;
    else if (edit.kind === "replace")
      list[at] = { ...(edit.row as object), id: (list[at] as { id: unknown })?.id ?? 0 };
    else {
      const [row] = list.splice(at, 1);
      if (edit.kind === "move") list.splice(edit.to % (list.length + 1), 0, row);
    }
  }
  return list;
}

/** A result as functions give it: a list, a page of one, a list beside another, or anything. */
const shapes: ((rows: unknown[], n: number) => unknown)[] = [
  (rows) => rows,
  (rows, n) => ({ page: rows, isDone: n > 2, continueCursor: `c${n}` }),
  (rows, n) => ({ at: new Date(n), members: [n], rows, 7: "first in order" }),
  (rows) => ({ $t: "an author's own", rows }),
  (rows) => new Set(rows),
];

/** The results of one query, one after the other: lists with few edits between them, and some that are unrelated. */
const history = fc
  .tuple(
    anyList,
    fc.constantFrom(...shapes),
    fc.array(fc.tuple(fc.array(anyEdit, { maxLength: 3 }), fc.nat(2)), { minLength: 1, maxLength: 6 }),
  )
  .map(([first, shape, steps]) => {
    let rows = first;
    const values = [shape(rows, 0)];
    for (const [edits, n] of steps) {
      rows = edited(rows, edits);
      values.push(shape(rows, n));
    }
    return values;
  });

describe("a patch", () => {
  test("leads from a client's answer to the server's, also for a client that has missed some", () => {
    let patches = 0;
    fc.assert(
      fc.property(history, fc.array(fc.boolean()), (values, misses) => {
        let before: ValueAnswer | undefined;
        let sent: ValueAnswer | undefined;
        let held: Answer | undefined;
        for (const [i, value] of values.entries()) {
          const now = answer(value, before);
          before = now;
          const scratch = answer(value);
          expect([now.token, now.valueText, now.text]).toEqual([scratch.token, wireText(value), scratch.text]);
          if (misses[i]) continue;
          const patch = sent && sent.token !== now.token ? patchOf(sent, now) : undefined;
          if (patch) patches++;
          held = patch && held ? applyPatch(held, patch) : whole(now);
          sent = now;
          expect(held.token).toBe(now.token);
          expect(held.result.data).toEqual(whole(now).result.data);
          expect(wireText(held.result.data)).toBe(now.valueText);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(patches).toBeGreaterThan(1_000);
  });

  test("keeps every row that did not change, and what did not change in the others", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(30), { minLength: 5 }), fc.array(anyEdit, { maxLength: 3 }), (ids, edits) => {
        const rows = ids.map((id) => ({ id, tags: [LONG, `${id}`] }));
        const after = edited(rows, edits).filter((row, i, all) => all.indexOf(row) === i);
        const from = answer({ page: rows, cursor: { at: 1 } });
        const to = answer({ page: after, cursor: { at: 1 } }, from);
        const patch = patchOf(from, to);
        if (patch === undefined) return;
        const base = whole(from);
        const before = (base.result.data as { page: { id: number }[] }).page;
        const data = applyPatch(base, patch).result.data as { page: object[]; cursor: object };
        data.page.forEach((row, i) => {
          const kept = rows.indexOf(after[i] as never);
          if (kept >= 0) expect(row).toBe(before[kept]);
        });
        expect(data.cursor).toBe((base.result.data as { cursor: object }).cursor);
      }),
      { numRuns: 500 },
    );
  });

  test("of a changed row keeps the parts of it that are the same", () => {
    const rows = [1, 2, 3].map((id) => ({ id, text: LONG, tags: ["a"] }));
    const after = rows.map((row) => (row.id === 2 ? { ...row, text: "new" } : row));
    const { base, patch } = mustPatch(rows, after);
    const before = base.result.data as typeof rows;
    const data = applyPatch(base, patch).result.data as typeof rows;
    expect(data[1]).toEqual({ id: 2, text: "new", tags: ["a"] });
    expect(data[1]?.tags).toBe(before[1]?.tags);
  });

  test("of the parts around a list keeps those that are the same", () => {
    const page = [1, 2, 3].map((id) => ({ id, text: LONG }));
    const { base, patch } = mustPatch({ page, cursor: [1], of: { all: [3] } }, { page, cursor: [2], of: { all: [3] } });
    const before = base.result.data as { page: object[]; of: object };
    const data = applyPatch(base, patch).result.data as typeof before;
    expect(data).toEqual({ page, cursor: [2], of: { all: [3] } });
    expect(data.of).toBe(before.of);
    expect(data.page[0]).toBe(before.page[0]);
  });

  test("of one row costs the row and at most 105 bytes, in a short and in a long list, wherever it is", () => {
    const rows = (n: number) => Array.from({ length: n }, (_, id) => ({ id, text: LONG }));
    const row = { id: 5_000, text: LONG };
    const cost = (before: unknown[], after: unknown[]) => {
      const from = answer(before);
      const told = answer(after, from).since(from.token);
      return encodePatchAlone(1_000_000, told?.text ?? "").length - JSON.stringify(row).length;
    };
    const [short, long] = [rows(50), rows(1_000)];
    const costs = [short, long].map((list) => [
      cost(list, [...list, row]),
      cost(list, [row, ...list]),
      cost(list, [...list.slice(1), row]),
    ]);
    expect(costs[0]).toEqual(costs[1]);
    expect(Math.max(...(costs[0] as number[]))).toBeLessThanOrEqual(105);
  });

  test("is not sent when it is hardly shorter than the value", () => {
    const from = answer([{ id: 1, text: LONG }]);
    expect(answer([{ id: 2, text: LONG }], from).since(from.token)).toBeUndefined();
  });

  test("leads to and from lists in which rows repeat", () => {
    const [one, other, third] = [{ text: LONG }, { text: `b${LONG}` }, { text: `c${LONG}` }];
    const steps = [
      [one, other, third],
      [one, other, one, third],
      [one, other, one, one, third],
      [other, one, third, one],
    ];
    for (const [before, after] of steps.slice(1).map((step, i) => [steps[i], step])) {
      const { base, patch, target } = mustPatch(before, after);
      expect(applyPatch(base, patch)).toMatchObject({ result: target.result, token: target.token });
    }
  });

  test("is not made when another list of the result is the longest now", () => {
    const rows = [1, 2, 3, 4].map((id) => ({ id, text: LONG }));
    const from = answer({ a: rows.slice(0, 2), b: rows });
    expect(answer({ a: rows, b: rows.slice(0, 2) }, from).since(from.token)).toBeUndefined();
  });

  test("is made once for all clients with the same base", () => {
    const rows = [1, 2, 3, 4].map((id) => ({ id, text: LONG }));
    const first = answer(rows.slice(0, 2));
    const second = answer(rows.slice(0, 3), first);
    const third = answer(rows, second);
    expect(third.since(first.token)).toBe(third.since(first.token));
    expect(third.since(second.token)).toBe(third.since(second.token));
    expect(third.since(first.token)).not.toBe(third.since(second.token));
  });

  test("is made from the last three answers, and from no earlier one", () => {
    let now = answer([1, 2, 3, 4].map((id) => ({ id, text: LONG })));
    const tokens: string[] = [];
    for (let n = 5; n < 12; n++) {
      tokens.unshift(now.token);
      now = answer(
        Array.from({ length: n }, (_, id) => ({ id: id + 1, text: LONG })),
        now,
      );
    }
    expect(tokens.map((token) => now.since(token) !== undefined)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

test("a result that is the same is the same answer", () => {
  const rows = () => [{ id: 1, at: new Date(0) }, { id: 2 }];
  const first = answer(rows());
  expect(answer(rows(), first)).toBe(first);
  expect(answer({ page: rows() }, first)).not.toBe(first);
});

/** Patches that differ from a patch in one part of it. */
function corrupted(patch: Patch): Patch[] {
  const { splices } = patch;
  const withSplices = (changed: Patch["splices"]) => ({ ...patch, splices: changed });
  const inOne = (change: (splice: Patch["splices"][number]) => Patch["splices"][number]) =>
    splices.map((_, i) => withSplices(splices.map((splice, j) => (i === j ? change(splice) : splice))));
  return [
    { ...patch, token: `${patch.token}0` },
    { ...patch, token: patch.token.slice(1) },
    withSplices([...splices, [0, 1]]),
    withSplices([...splices, [-1, 0, "new"]]),
    ...splices.map((_, i) => withSplices(splices.filter((_, j) => i !== j))),
    ...inOne(([at, removed, ...rows]) => [at + 1, removed, ...rows]),
    ...inOne(([at, removed, ...rows]) => [at - 1, removed, ...rows]),
    ...inOne(([at, removed, ...rows]) => [at, removed + 1, ...rows]),
    ...inOne(([at, removed, ...rows]) => [at, removed, ...rows, { id: "new" }]),
    ...inOne(([at, removed, ...rows]) => [at, removed, ...rows.slice(1)]),
    ...inOne(([at, removed, ...rows]) => [at, removed, ...[...rows].reverse()]),
    { ...patch, around: { page: [], isDone: "corrupted" } },
    { ...patch, splices: undefined as never },
    { ...patch, splices: [null] as never },
  ];
}

/** What the patch makes of `base`; undefined when it was refused. */
function patchedOrRefused(base: Answer, patch: Patch): Answer | undefined {
  try {
    return applyPatch(base, patch);
  } catch {
    return undefined;
  }
}

describe("a wrong patch", () => {
  test("is never taken: what comes of it is right, or an error, and the answer before it stays as it is", () => {
    let caught = 0;
    fc.assert(
      fc.property(history, (values) => {
        const answers = values.map((value) => answer(value));
        for (const [i, value] of values.entries()) {
          const from = answers[i - 1];
          const patch = from && patchOf(from, answer(value, from));
          if (!patch) continue;
          const target = answer(value);
          for (const wrong of corrupted(patch)) {
            const base = whole(from);
            const patched = patchedOrRefused(base, wrong);
            if (patched) {
              expect(patched.token).toBe(target.token);
              expect(wireText(patched.result.data)).toBe(target.valueText);
              continue;
            }
            expect(base.token).toBe(from.token);
            expect(wireText(base.result.data)).toBe(from.valueText);
            caught++;
          }
        }
      }),
      { numRuns: 200 },
    );
    expect(caught).toBeGreaterThan(500);
  });

  test("is never taken for one to another value", () => {
    fc.assert(
      fc.property(history, history, (values, others) => {
        const [first, second] = values;
        const from = answer(first);
        const to = answer(second, from);
        const patch = patchOf(from, to);
        const other = answer(others[0]);
        if (!patch || other.token === from.token) return;
        // Possible only where the patch removes every row in which the two differ.
        const patched = patchedOrRefused(whole(other), patch);
        if (patched) expect(wireText(patched.result.data)).toBe(to.valueText);
      }),
      { numRuns: 500 },
    );
  });
});

describe("the server's answers", () => {
  const key = "x:a{}" as QueryKey;
  const rows = (n: number) => Array.from({ length: n }, (_, id) => ({ id, text: LONG }));

  function asking() {
    const queries = new QuerySet(new HandClock(), {
      sent: (query) => answers.sent(query),
      released: () => {},
      refuse: () => {},
    });
    const answers = new ServerAnswers(queries);
    const shown = () => shownAnswer(queries.get(key));
    const held = () => heldAnswer(queries.get(key));
    answers.connected("epoch");
    queries.watch(key);
    queries.next(USUAL_LIMITS);
    return {
      answers,
      shown,
      held,
      reconnect() {
        answers.lost();
        queries.lost();
        answers.connected("epoch");
        queries.next(USUAL_LIMITS);
      },
    };
  }
  const from = answer(rows(4));
  const to = answer(rows(5), from);
  const value = JSON.parse(from.text);
  const patch = patchOf(from, to) as Patch;

  test("apply a patch", () => {
    const { answers, shown } = asking();
    answers.apply({ at: 1, maps: [[1, 1]], answers: [value] });
    answers.apply({ at: 2, answers: [patch] });
    expect(shown()).toMatchObject({ result: { data: rows(5) }, token: to.token });
  });

  test("apply one to the answer that was named when subscribing again", () => {
    const { answers, shown, reconnect } = asking();
    answers.apply({ at: 1, maps: [[1, 1]], answers: [value] });
    reconnect();
    answers.apply({ at: 2, maps: [[1, 9]], answers: [{ ...patch, live: 9 }] });
    expect(shown()?.result.data).toEqual(rows(5));
  });

  test("apply one after an error to the value before it", () => {
    const { answers, shown } = asking();
    answers.apply({ at: 1, maps: [[1, 1]], answers: [value] });
    answers.apply({ at: 2, answers: [{ live: 1, error: { kind: "internal", incident: "i" } }] });
    answers.apply({ at: 3, answers: [patch] });
    expect(shown()?.result).toEqual({ data: rows(5), isLoading: false, error: undefined });
  });

  test("stay unchanged with a wrong one, and lose their token", () => {
    const { answers, shown, held, reconnect } = asking();
    answers.apply({ at: 1, maps: [[1, 1]], answers: [value] });
    expect(() => answers.apply({ at: 2, answers: [{ ...patch, token: "~1" }] })).toThrow("fit");
    expect(shown()?.result.data).toEqual(rows(4));
    expect(held()?.token).toBeUndefined();
    reconnect();
    expect(held()?.token).toBeUndefined();
    answers.apply({ at: 2, maps: [[1, 2]], answers: [{ ...value, live: 2 }] });
    answers.apply({ at: 3, answers: [{ ...patch, live: 2 }] });
    expect(shown()?.result.data).toEqual(rows(5));
  });

  test("refuse one without a value", () => {
    const { answers } = asking();
    expect(() => answers.apply({ at: 1, maps: [[1, 1]], answers: [patch] })).toThrow("fit");
  });
});

test("a client that was sent a wrong patch reconnects without the token, shows what it had, and is sent the whole value", async () => {
  const rows = (n: number) => Array.from({ length: n }, (_, id) => ({ id, text: LONG }));
  const [four, five] = [answer(rows(4)), answer(rows(5))];
  const patch = patchOf(four, answer(rows(5), four)) as Patch;
  const server = new ScriptedServer();
  const client = server.client();
  const shown: unknown[] = [];
  client.watchQuery("m:list", {}, ({ data }) => shown.push(data));
  await settle();
  await server.transition({ at: 1, maps: [[1, 1]], answers: [JSON.parse(four.text)] });
  await server.transition({ at: 2, answers: [{ ...patch, splices: [[0, 1]] }] });
  expect(client.connectionState().state).toBe("waiting");
  server.clock.advance(8_000);
  await settle();
  expect(server.heard("Subscribe")[0]?.queries).toEqual([{ query: 1, path: "m:list", args: {} }]);
  await server.transition({ at: 2, maps: [[1, 1]], answers: [JSON.parse(five.text)] });
  expect(shown.filter((data) => data !== undefined)).toEqual([rows(4), rows(5)]);
  await server.transition({ at: 3, answers: [JSON.parse(answer(rows(6), five).since(five.token)?.text ?? "")] });
  expect(shown.at(-1)).toEqual(rows(6));
  await client.close();
});
