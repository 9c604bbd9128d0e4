import { generateDrizzleJson, generateMySQLDrizzleJson, generateSQLiteDrizzleJson } from "drizzle-kit/api";
import { sql } from "drizzle-orm";
import * as my from "drizzle-orm/mysql-core";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { describe, expect, test } from "vitest";
import { findDataLoss, type Risk } from "./data-loss.ts";
import type { SchemaSnapshot } from "./snapshot/snapshot.ts";

type Tables = Record<string, unknown>;
const judge = (before: Tables, after: Tables): Risk[] =>
  findDataLoss(generateDrizzleJson(before) as SchemaSnapshot, generateDrizzleJson(after) as SchemaSnapshot, "pg");
const reasons = (before: Tables, after: Tables): string[] => judge(before, after).map(({ reason }) => reason);

const a = (
  columns: Record<string, pg.PgColumnBuilderBase>,
  rules?: (t: never) => pg.PgTableExtraConfigValue[],
): Tables => ({
  a: pg.pgTable("a", columns, rules as never),
});
const before = a({ id: pg.integer(), x: pg.text() });

describe("no row is in danger from", () => {
  test.each<[string, Tables]>([
    ["nothing", before],
    ["a table", { ...before, b: pg.pgTable("b", { id: pg.integer().notNull() }) }],
    ["an optional column", a({ id: pg.integer(), x: pg.text(), y: pg.text() })],
    ["a required column with a default", a({ id: pg.integer(), x: pg.text(), y: pg.text().notNull().default("") })],
    [
      "a required column with an expression",
      a({ id: pg.integer(), x: pg.text(), y: pg.timestamp().notNull().defaultNow() }),
    ],
    ["a numbered column", a({ id: pg.integer(), x: pg.text(), y: pg.serial() })],
    ["a computed column", a({ id: pg.integer(), x: pg.text(), y: pg.integer().notNull().generatedAlwaysAs(sql`1`) })],
    ["a numbered column that is the first key", a({ id: pg.integer(), x: pg.text(), y: pg.serial().primaryKey() })],
    ["a unique column without values", a({ id: pg.integer(), x: pg.text(), y: pg.text().unique() })],
    ["a default", a({ id: pg.integer().default(1), x: pg.text() })],
    ["a wider number", a({ id: pg.bigint({ mode: "number" }), x: pg.text() })],
    ["an index", a({ id: pg.integer(), x: pg.text() }, (t: { x: pg.PgColumn }) => [pg.index("i").on(t.x)] as never)],
  ])("%s", (_what, after) => {
    expect(reasons(before, after)).toEqual([]);
  });

  test("the removal of a rule", () => {
    const person = pg.pgTable("person", { id: pg.integer().primaryKey() });
    const strict = a({
      id: pg
        .integer()
        .notNull()
        .references(() => person.id),
      x: pg.text().notNull().unique(),
    });
    expect(reasons({ ...strict, person }, { ...before, person })).toEqual([]);
  });

  test("new values of an enum", () => {
    const with_ = (...values: [string, ...string[]]): Tables => {
      const mood = pg.pgEnum("mood", values);
      return { mood, ...a({ id: pg.integer(), mood: mood() }) };
    };
    expect(reasons(with_("x"), with_("x", "y"))).toEqual([]);
    expect(reasons(with_("x", "y"), with_("y"))).toEqual([
      'Column "mood" of "a" may hold "x", which enum "mood" no longer has.',
    ]);
  });
});

describe("a row may be in danger from", () => {
  test.each<[string, Tables, string]>([
    ["a dropped column", a({ id: pg.integer() }), 'Column "x" of "a" would be dropped with its values.'],
    [
      "a key without values",
      a({ id: pg.integer(), x: pg.text(), y: pg.integer().primaryKey() }),
      'Column "y" of "a" is a key',
    ],
    ["another type", a({ id: pg.integer(), x: pg.varchar({ length: 3 }) }), "from text to varchar(3)"],
    ["a narrower number", a({ id: pg.smallint(), x: pg.text() }), "from integer to smallint"],
    [
      "a column that becomes numbered from 1",
      a({ id: pg.integer().generatedAlwaysAsIdentity(), x: pg.text() }),
      "numbered from 1",
    ],
  ])("%s", (_what, after, reason) => {
    expect(reasons(before, after).join("\n")).toContain(reason);
  });

  test("a new rule, but only a row with values in the rule's columns", () => {
    const person = pg.pgTable("person", { id: pg.integer().primaryKey() });
    const after = { person, ...a({ id: pg.integer().references(() => person.id), x: pg.text().unique() }) };
    expect(judge({ person, ...before }, after).map(({ holding }) => holding)).toEqual([["x"], ["id"]]);
    const nullsCount = a({ id: pg.integer(), x: pg.text().unique("u", { nulls: "not distinct" }) });
    expect(judge(before, nullsCount)).toMatchObject([{ holding: [] }]);
    const checked = a({ id: pg.integer(), x: pg.text() }, () => [pg.check("c", sql`id > 0`)]);
    expect(judge(before, checked)).toMatchObject([{ holding: [], reason: expect.stringContaining('"c" (id > 0)') }]);
  });

  test("a dropped column, but only a row with a value in it; a column made required, but only a row without a value", () => {
    const required = a({ id: pg.integer().notNull(), y: pg.text() });
    expect(judge(before, required)).toMatchObject([
      { losing: ["x"], reason: expect.stringContaining('"x" of "a" is gone') },
      { lacking: "id", impossible: true, reason: expect.stringContaining('"id" of "a" becomes required') },
    ]);
  });

  test("a dropped table, and one that may have been renamed", () => {
    expect(judge(before, {})).toMatchObject([
      { table: "public.a", reason: expect.stringContaining("would be dropped") },
    ]);
    const renamed = { b: pg.pgTable("b", { id: pg.integer() }) };
    expect(reasons(before, renamed)[0]).toMatch(/"a" is gone .* "b" is new: only you know whether it was renamed/);
  });
});

test("a dropped sequence and a dropped role are a loss, whatever rows exist", () => {
  const all = { ...before, invoices: pg.pgSequence("invoice_no"), reporting: pg.pgRole("reporting") };
  expect(judge(before, all)).toEqual([]);
  expect(judge(all, before)).toMatchObject([
    { table: undefined, reason: expect.stringContaining('Sequence "invoice_no"') },
    { table: undefined, reason: expect.stringContaining('Role "reporting"') },
  ]);
});

test("SQLite ignores the length of a type, and in MySQL the values of an enum are part of the type", async () => {
  const short = async (length: number) =>
    (await generateSQLiteDrizzleJson({ a: lite.sqliteTable("a", { x: lite.text({ length }) }) })) as SchemaSnapshot;
  expect(findDataLoss(await short(80), await short(3), "sqlite")).toEqual([]);
  const mood = async (...values: [string, ...string[]]) =>
    (await generateMySQLDrizzleJson({ a: my.mysqlTable("a", { x: my.mysqlEnum(values) }) })) as SchemaSnapshot;
  expect(findDataLoss(await mood("x"), await mood("x", "y"), "mysql")).toEqual([]);
  expect(findDataLoss(await mood("x", "y"), await mood("y"), "mysql")).toMatchObject([
    { reason: expect.stringContaining('"x" of "a" would change its type') },
  ]);
});
