import { describe, expect, test } from "vitest";
import { createReferences, type FunctionReference } from "../functions/reference.ts";
import { HandClock } from "../testing/hand-clock.ts";
import { askIdentity, type Identify } from "./identify.ts";

type BySession = FunctionReference<"query", "internal", { token: string }, { id: string } | null>;
const internal = createReferences<{ users: { bySession: BySession } }>("internal");

/** A table of sessions, behind a query that may fail. */
const sessions = new Map([["t1", { id: "ada" }]]);
let failure: Error | undefined;
const engine = {
  async queryFresh(_query: unknown, args?: Record<string, unknown>) {
    if (failure) throw failure;
    return sessions.get(String(args?.token)) ?? null;
  },
};

const clock = new HandClock();
const ask = (identify: Identify, cookie?: string) =>
  askIdentity({ identify, engine, log: clock.log }, { headers: new Headers(cookie === undefined ? {} : { cookie }) });

describe("identify", () => {
  const bySession: Identify = async ({ cookies, runQuery }) => {
    const token = cookies.get("session");
    if (token === undefined) return null;
    const user = await runQuery(internal.users.bySession, { token });
    return user && { subject: user.id };
  };

  test("finds the caller of a session in the database", async () => {
    failure = undefined;
    expect(await ask(bySession, "theme=dark; session=t1")).toEqual({ ok: true, value: { subject: "ada" } });
    expect(await ask(bySession, "session=ended")).toEqual({ ok: true, value: null });
    expect(await ask(bySession)).toEqual({ ok: true, value: null });
  });

  test("refuses the request when the database cannot answer: that makes no one anonymous", async () => {
    failure = new Error("the database is away");
    expect(await ask(bySession, "session=t1")).toMatchObject({ ok: false, error: { kind: "internal" } });
    expect(clock.lines.at(-1)).toMatchObject({ level: "error", about: { error: failure } });
  });
});

test.each([
  ["a=1; b=two%20words", { a: "1", b: "two words" }],
  ["empty=; odd=%zz; equal=a=b", { empty: "", odd: "%zz", equal: "a=b" }],
  ["a=narrow; a=wide", { a: "narrow" }],
  ["__proto__=x; constructor=y", { ["__proto__"]: "x", constructor: "y" }],
  ["", {}],
])("the cookies of %j are read by name", async (header, expected) => {
  let read: Record<string, string> = {};
  await ask(({ cookies }) => {
    read = Object.fromEntries(cookies);
    return null;
  }, header);
  expect(Object.entries(read)).toEqual(Object.entries(expected));
});
