import {
  and,
  arrayContains,
  asc,
  between,
  type Column,
  count,
  desc,
  eq,
  exists,
  gt,
  inArray,
  is,
  isNull,
  like,
  lt,
  ne,
  not,
  notInArray,
  or,
  type Query,
  relations,
  SQL,
  StringChunk,
  sql,
} from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import { PgRemoteSession } from "drizzle-orm/pg-proxy/session";
import * as lite from "drizzle-orm/sqlite-core";
import { SQLiteRemoteSession } from "drizzle-orm/sqlite-proxy/session";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { relationalSchema } from "../driver/relational-schema.ts";
import { ExactPgDialect } from "../postgres/exact-dialect.ts";
import { ExactSqliteDialect } from "../sqlite/exact-dialect.ts";

/** Each time that a statement is built is a turn, in which the functions of columns count how often they are called. */
const turn = { number: 0, calls: 0, within: () => "" };
const made = (): string => `${turn.number}.${++turn.calls}`;
/** A column whose numbers are written as SQL. */
const sealed = {
  dataType: () => "text",
  toDriver: (value: unknown) => (typeof value === "number" ? sql`seal(${value}, ${"salt"})` : `sealed ${value}`),
};
/** A column that writes the same value otherwise in each turn, as one does that encrypts. */
const turned = { dataType: () => "text", toDriver: (value: unknown) => `${value} in turn ${turn.number}` };

function pgSchema() {
  const { pgTable, text, integer, timestamp, jsonb, customType } = pg;
  const Sealed = customType<{ data: unknown }>(sealed);
  const Turned = customType<{ data: unknown }>(turned);
  const users = pgTable("users", {
    id: text().primaryKey(),
    name: text().notNull(),
    age: integer(),
    seenAt: timestamp(),
    config: jsonb(),
    secret: Sealed(),
    turn: Turned(),
  });
  const messages = pgTable("messages", {
    id: integer().primaryKey(),
    authorId: text().notNull(),
    answerTo: integer(),
    body: text().notNull(),
    sentAt: timestamp(),
  });
  /** Everything that a column can know about its values. */
  const filled = pgTable("filled", {
    id: text().primaryKey().$defaultFn(made),
    plain: text(),
    fixed: text().default("fixed"),
    fixedTurn: Turned().default("fixed"),
    fixedSql: text().default(sql`upper(${"fixed"})`),
    both: text().default("fixed").$defaultFn(made),
    zero: integer()
      .default(0)
      .$onUpdateFn(() => Number(made())),
    one: integer()
      .default(1)
      .$onUpdateFn(() => sql`one + ${made()}`),
    updated: Turned().$onUpdateFn(made),
    asSql: text().$defaultFn(() => sql`lower(${made()})`),
    sometimes: text().$defaultFn(() => (Number(made()) % 2 < 1 ? (undefined as never) : "made")),
    never: Turned().$onUpdateFn(() => undefined),
    computed: text().$defaultFn(made).generatedAlwaysAs(sql`'computed'`),
  });
  /** Whose values are made by functions that build statements themselves. */
  const nesting = pgTable("nesting", {
    id: text().$defaultFn(() => turn.within()),
    told: customType<{ data: string }>({ dataType: () => "text", toDriver: (it) => `${it} ${turn.within()}` })(),
    changed: text().$onUpdateFn(() => turn.within()),
  });
  const relationsOfUsers = relations(users, ({ many }) => ({ messages: many(messages) }));
  const relationsOfMessages = relations(messages, ({ one }) => ({
    author: one(users, { fields: [messages.authorId], references: [users.id] }),
  }));
  const adults = pg.pgView("adults").as((qb) => qb.select().from(users).where(gt(users.age, 18)));
  const named = pg.alias(users, "named");
  return { users, messages, filled, nesting, relationsOfUsers, relationsOfMessages, adults, named };
}

type Schema = ReturnType<typeof pgSchema>;
type Db = pg.PgDatabase<pg.PgQueryResultHKT, Schema>;

/** The types of PostgreSQL stand for both: the calls are the same. */
function liteSchema(): Schema {
  const { sqliteTable, text, integer, customType } = lite;
  const Sealed = customType<{ data: unknown }>(sealed);
  const Turned = customType<{ data: unknown }>(turned);
  const users = sqliteTable("users", {
    id: text().primaryKey(),
    name: text().notNull(),
    age: integer(),
    seenAt: integer({ mode: "timestamp" }),
    config: text({ mode: "json" }),
    secret: Sealed(),
    turn: Turned(),
  });
  const messages = sqliteTable("messages", {
    id: integer().primaryKey(),
    authorId: text().notNull(),
    answerTo: integer(),
    body: text().notNull(),
    sentAt: integer({ mode: "timestamp" }),
  });
  const filled = sqliteTable("filled", {
    id: text().primaryKey().$defaultFn(made),
    plain: text(),
    fixed: text().default("fixed"),
    fixedTurn: Turned().default("fixed"),
    fixedSql: text().default(sql`upper(${"fixed"})`),
    both: text().default("fixed").$defaultFn(made),
    zero: integer()
      .default(0)
      .$onUpdateFn(() => Number(made())),
    one: integer()
      .default(1)
      .$onUpdateFn(() => sql`one + ${made()}`),
    updated: Turned().$onUpdateFn(made),
    asSql: text().$defaultFn(() => sql`lower(${made()})`),
    sometimes: text().$defaultFn(() => (Number(made()) % 2 < 1 ? (undefined as never) : "made")),
    never: Turned().$onUpdateFn(() => undefined),
    computed: text().$defaultFn(made).generatedAlwaysAs(sql`'computed'`),
  });
  /** Whose values are made by functions that build statements themselves. */
  const nesting = sqliteTable("nesting", {
    id: text().$defaultFn(() => turn.within()),
    told: customType<{ data: string }>({ dataType: () => "text", toDriver: (it) => `${it} ${turn.within()}` })(),
    changed: text().$onUpdateFn(() => turn.within()),
  });
  const relationsOfUsers = relations(users, ({ many }) => ({ messages: many(messages) }));
  const relationsOfMessages = relations(messages, ({ one }) => ({
    author: one(users, { fields: [messages.authorId], references: [users.id] }),
  }));
  const adults = lite.sqliteView("adults").as((qb) => qb.select().from(users).where(gt(users.age, 18)));
  const named = lite.alias(users, "named");
  return {
    users,
    messages,
    filled,
    nesting,
    relationsOfUsers,
    relationsOfMessages,
    adults,
    named,
  } as unknown as Schema;
}

/** Rows as a database would send them, whatever it is asked for. */
type Answer = unknown[][];
/** A database that is only asked: what it was asked last stands in `asked`. */
interface Asked {
  readonly db: Db;
  readonly dialect: pg.PgDialect;
  asked: unknown;
}

function askedPg(dialect: pg.PgDialect, schema: Schema, answer: Answer): Asked {
  const related = relationalSchema(schema, dialect);
  const session = new PgRemoteSession(
    async (text, params) => {
      side.asked = { text, params };
      return { rows: answer };
    },
    dialect,
    related as never,
  );
  const side: Asked = { db: new pg.PgDatabase(dialect, session as never, related as never), dialect, asked: undefined };
  return side;
}

function askedLite(dialect: lite.SQLiteAsyncDialect, schema: Schema, answer: Answer): Asked {
  const related = relationalSchema(schema as Record<string, unknown>, dialect);
  const session = new SQLiteRemoteSession(
    async (text, params, method) => {
      side.asked = { text, params };
      return { rows: method === "get" ? (answer[0] as unknown[]) : answer };
    },
    dialect,
    related,
  );
  const db = new lite.BaseSQLiteDatabase("async", dialect, session as never, related);
  const side: Asked = { db: db as unknown as Db, dialect: dialect as unknown as pg.PgDialect, asked: undefined };
  return side;
}

/** One dialect, with plans and as Drizzle has it. */
interface Kit {
  readonly isPg: boolean;
  alias(table: Schema["users"], name: string): Schema["users"];
  tables(): Schema;
  planned(tables: Schema, answer?: Answer): Asked;
  drizzle(tables: Schema, answer?: Answer): Asked;
}

const kitOf = (isPg: boolean, casing?: "snake_case"): Kit =>
  isPg
    ? {
        isPg,
        alias: (table, name) => pg.alias(table, name) as never,
        tables: pgSchema,
        planned: (tables, answer = []) => askedPg(new ExactPgDialect({ casing }), tables, answer),
        drizzle: (tables, answer = []) => askedPg(new pg.PgDialect({ casing }), tables, answer),
      }
    : {
        isPg,
        alias: (table, name) => lite.alias(table as never, name) as never,
        tables: liteSchema,
        planned: (tables, answer = []) => askedLite(new ExactSqliteDialect({ casing }), tables, answer),
        drizzle: (tables, answer = []) => askedLite(new lite.SQLiteAsyncDialect({ casing }), tables, answer),
      };

const kits: [string, Kit][] = [
  ["PostgreSQL", kitOf(true)],
  ["PostgreSQL, with names in snake_case", kitOf(true, "snake_case")],
  ["SQLite", kitOf(false)],
  ["SQLite, with names in snake_case", kitOf(false, "snake_case")],
];
interface Statement {
  toSQL(): Query;
}
/** Makes a statement for a turn: those of all turns should differ in their values, and may in more. */
type Story = (db: Db, tables: Schema, n: number) => Statement;

/** What came of a statement in a turn: its text and values, or its error, and how often functions were called. */
function outcome(n: number, build: () => Statement): unknown {
  Object.assign(turn, { number: n, calls: 0 });
  try {
    const { sql: text, params } = build().toSQL();
    return { text, params, calls: turn.calls };
  } catch (error) {
    return { error: String(error), calls: turn.calls };
  }
}

/** In each turn the planned statement is Drizzle's. */
function agree(kit: Kit, story: Story, turns: number): { planned: Asked; drizzle: Asked; tables: Schema } {
  const tables = kit.tables();
  const [planned, drizzle] = [kit.planned(tables), kit.drizzle(tables)];
  for (let n = 1; n <= turns; n++) {
    const expected = outcome(n, () => story(drizzle.db, tables, n));
    expect(outcome(n, () => story(planned.db, tables, n))).toEqual(expected);
  }
  return { planned, drizzle, tables };
}

/** How often Drizzle builds a statement, or a part of one that is a statement, while this runs. */
function buildsOf({ dialect }: Asked, run: () => void): number {
  const spy = vi.spyOn(dialect as unknown as { buildWithCTE(): void }, "buildWithCTE");
  run();
  const { length } = spy.mock.calls;
  spy.mockRestore();
  return length;
}

const day = (n: number): Date => new Date(Date.UTC(2026, 0, n));
const textOf = (side: Db, statement: SQL): Statement => ({
  toSQL: () => (side as unknown as { dialect: pg.PgDialect }).dialect.sqlToQuery(statement),
});
/** From now on, functions that make values build a statement. */
function nest(db: Db, { users }: Schema): void {
  turn.within = () =>
    db
      .select()
      .from(users)
      .where(eq(users.age, ++turn.calls))
      .toSQL()
      .params.join();
}
const asSql = (statement: unknown): SQL => (statement as { getSQL(): SQL }).getSQL();

/** Statements that are kept after their second turn: only their values differ. */
const kept: Record<string, Story> = {
  "every row": (db, { users }) => db.select().from(users),
  "conditions on columns": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(
        and(
          or(eq(users.name, `name ${n}`), ne(users.age, n), isNull(users.age)),
          between(users.seenAt, day(n), day(n + 1)),
          not(like(users.name, `%${n}`)),
          inArray(users.id, [`${n}`, `${n + 1}`]),
          notInArray(users.age, [n]),
        ),
      ),
  "a value that is null in every second turn": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(and(eq(users.turn, n % 2 ? null : n), eq(users.seenAt, n % 2 ? day(n) : (null as never)))),
  "a value that is undefined": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(eq(users.turn, n % 2 ? n : undefined)),
  "values in a template": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(sql`${users.age} > ${n} and ${users.name} = ${"a".repeat(n)} and ${n % 2 ? null : n} is null
        and ${n > 2} and ${day(n)} and ${BigInt(n)} and ${new Uint8Array([n])} and ${sql`${-n} < ${sql.param(n)}`}`),
  "values that are columns' own": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(and(eq(users.turn, "same"), eq(users.config, { n: [n] }))),
  "some columns and expressions": (db, { users }, n) =>
    db
      .selectDistinct({ id: users.id, next: sql`${users.age} + ${n}`.as("next"), deep: { name: users.name } })
      .from(users)
      .groupBy(users.id, sql`${users.age} % ${n}`)
      .having(({ next }) => gt(next, n))
      .orderBy(({ next }) => [desc(next), asc(users.name)]),
  "joined tables": (db, { users, messages }, n) =>
    db
      .select()
      .from(users)
      .leftJoin(messages, and(eq(messages.authorId, users.id), eq(messages.body, `body ${n}`)))
      .innerJoin(sql`generate_series(1, ${n}) as numbers`, sql`${n} = ${n}`)
      .where(gt(messages.id, n)),
  "a row that is inserted": (db, { users }, n) =>
    db
      .insert(users)
      .values({ id: `${n}`, name: "name", age: n, seenAt: day(n), config: { n }, turn: n })
      .returning({ id: users.id, older: sql`${users.age} + ${n}` }),
  "a row whose columns are mostly null or undefined": (db, { users }, n) =>
    db.insert(users).values({ id: `${n}`, name: "name", age: null, seenAt: undefined, secret: undefined, turn: null }),
  "rows that are inserted together": (db, { messages }, n) =>
    db.insert(messages).values([
      { id: n, authorId: `${n}`, body: "first" },
      { id: n + 1, authorId: "author", body: sql`lower(${`B${n}`})`, sentAt: day(n) },
    ]),
  "a row that may exist": (db, { users }, n) =>
    db
      .insert(users)
      .values({ id: `${n}`, name: "name" })
      .onConflictDoUpdate({ target: users.id, set: { name: `name ${n}`, age: sql`excluded.age + ${n}`, turn: n } }),
  "a row that may exist, of which nothing is changed": (db, { users }, n) =>
    db
      .insert(users)
      .values({ id: `${n}`, name: "name" })
      .onConflictDoNothing({ target: [users.id, users.name] }),
  "rows that are changed": (db, { users }, n) =>
    db
      .update(users)
      .set({ name: `name ${n}`, age: sql`${users.age} + ${n}`, turn: users.name, seenAt: undefined, config: null })
      .where(eq(users.id, `${n}`))
      .returning(),
  "rows that are removed": (db, { users }, n) =>
    db
      .delete(users)
      .where(and(eq(users.id, `${n}`), eq(users.turn, n)))
      .returning(),
  "rows of db.query": (db, _, n) =>
    db.query.users.findMany({
      columns: { id: true, name: true },
      where: (t, { and, eq, sql }) => and(eq(t.turn, n), sql`${t.name} <> ${`name ${n}`}`, n > 0 ? undefined : sql`no`),
      orderBy: (t, { desc, sql }) => [desc(t.age), sql`${t.name} = ${n}`],
      with: {
        messages: { columns: { body: false }, limit: 3, with: { author: { columns: { secret: false, turn: false } } } },
      },
      limit: 10,
    }),
  "one row of db.query": (db, { messages }, n) =>
    db.query.messages.findFirst({
      where: eq(messages.id, n),
      orderBy: messages.sentAt,
      extras: { longer: sql`${messages.body} || ${`${n}`}`.as("longer") },
      with: { author: { columns: { id: true }, where: undefined, extras: { n: sql`${n}`.as("n") } } },
    }),
  "rows of db.query without a condition": (db) => db.query.users.findMany(),
  "a condition of db.query that sometimes is none": (db, _, n) =>
    db.query.users.findMany({ where: (t, { eq }) => (n % 2 ? undefined : eq(t.age, n)) }),
};

/** Statements that differ by more than their values, or that are not understood: they are built anew, or differently. */
const others: Record<string, Story> = {
  "other columns each time": (db, { users }, n) =>
    db.select(n % 2 ? { id: users.id } : { id: users.id, name: users.name }).from(users),
  "other columns of db.query each time": (db, _, n) =>
    db.query.users.findMany({ columns: [{ id: true }, { id: false }, { name: true }][n % 3] as object, with: {} }),
  "another table of db.query each time": (db, _, n) =>
    n % 2 ? db.query.users.findMany({ limit: 1 }) : db.query.messages.findMany({ limit: 1 }),
  "other relations each time": (db, _, n) =>
    db.query.users.findMany({ with: { messages: [true, { limit: n }, { offset: 1 }][n % 3] as true } }),
  "another limit and offset each time": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .limit(n % 3)
      .offset(n % 2),
  "another limit of db.query each time": (db, _, n) => db.query.users.findMany({ limit: n % 3, offset: n }),
  "lists of other lengths, of which some are empty": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(
        inArray(
          users.age,
          Array.from({ length: n % 4 }, (_, i) => n + i),
        ),
      ),
  "conditions of which some are left out": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(and(eq(users.age, n), n % 2 ? eq(users.name, "name") : undefined)),
  "text that differs": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(sql`${sql.raw(`${n}`)} = ${n} and ${sql.identifier(`column ${n}`)} is null`),
  "text in other pieces": (db, { users }, n) =>
    db.select({ it: new SQL([n % 2 ? new StringChunk(["a", "b"]) : new StringChunk("a"), users.id]) }).from(users),
  "text with quotes in other places": (db, { users }, n) =>
    db.select({ it: new SQL((n % 2 ? ["a'b", "c"] : ["a", "b'c"]).map((text) => new StringChunk(text))) }).from(users),
  "values at other depths of a list": (db, { users }, n) => {
    const [a, b] = [sql.param(n), sql.param(2)];
    return db.select({ it: new SQL(n % 2 ? [[[a, b]]] : [[[a], b]]) }).from(users);
  },
  "a column at another depth of an expression": (db, { users }, n) => {
    const [a, b] = [new StringChunk("lower "), users.id];
    return db.select({ it: new SQL(n % 2 ? [new SQL([a, b])] : [new SQL([a]), b]) }).from(users);
  },
  "another name each time": (db, { users }, n) => db.select({ it: sql`${n}`.as(n % 2 ? "it" : "its") }).from(users),
  "an expression, and only its name": (db, { users }, n) => {
    const next = sql`${users.age} + ${n}`.as("next");
    const inner = db.select({ next }).from(users).as("inner");
    return db.select({ next: n % 2 ? inner.next : next }).from(users);
  },
  "text that only looks like what stands for a value": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(n % 2 ? sql`${users.age} = ${n}` : sql`${users.age} = $${sql.raw("")}`),
  "a table and a column in turns": (db, { users, messages }, n) => {
    const [table, column] = n % 2 ? ([users, users.id] as const) : ([messages, messages.id] as const);
    return db
      .select({ column })
      .from(table as typeof users)
      .where(eq(column as Column, n));
  },
  "an expression that is used twice, in every second turn": (db, { users }, n) => {
    const twice = n % 2 ? eq(users.name, `name ${n}`) : undefined;
    const [a, b] = [twice ?? eq(users.name, "a"), twice ?? eq(users.name, "b")];
    return db
      .select()
      .from(users)
      .where(or(and(a, gt(users.age, n)), and(b, lt(users.age, n))));
  },
  "an expression that is used twice at first, and then no more": (db, { users }, n) => {
    const twice = n < 4 ? sql`${n} + ${sql.param(n)}` : undefined;
    const [a, b] = [twice ?? sql`${1} + ${sql.param(2)}`, twice ?? sql`${3} + ${sql.param(4)}`];
    return db
      .select({ a: a.as("a") })
      .from(users)
      .orderBy(b);
  },
  "a value that is used twice at first, and then no more": (db, { users }, n) => {
    const twice = n < 4 ? sql.param(n, users.turn) : undefined;
    const [a, b] = [twice ?? sql.param("a", users.turn), twice ?? sql.param("b", users.turn)];
    return db.select().from(users).where(sql`${users.turn} between ${a} and ${b}`);
  },
  "rows that share an expression at first, and then no more": (db, { messages }, n) => {
    const twice = n < 4 ? sql`now() + ${n}` : undefined;
    return db.insert(messages).values([
      { id: 1, authorId: "a", body: twice ?? sql`now() + ${"first"}` },
      { id: 2, authorId: "b", body: twice ?? sql`now() + ${"second"}` },
    ]);
  },
  "a list of values in a template": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(sql`${users.age} in ${[n, -n, null, day(n), sql`${n} + 1`]}`),
  "a list of values in a template, which is changed afterwards": (db, { users }, n) => {
    const list = [sql.param(1), 2, sql`${n}`];
    const { sql: text, params } = db.select().from(users).where(sql`${users.age} in ${list}`).toSQL();
    list.push(n);
    return { toSQL: () => ({ sql: text, params }) };
  },
  "a template that is frozen": (db, { users }, n) => {
    const frozen = Object.freeze([new StringChunk("frozen "), `${n}`, Object.freeze(sql.param(n))]) as never;
    return db
      .select()
      .from(users)
      .where(and(new SQL(frozen), eq(users.age, n)));
  },
  "an object as a value, which is changed afterwards": (db, { users }, n) => {
    const value = { same: "shape", n: 1 };
    const statement = db.select().from(users).where(sql`${users.config} = ${value}`).toSQL();
    value.n = n;
    return { toSQL: () => statement };
  },
  "an object that holds an expression, as a value": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(sql`${users.config} = ${{ n: sql`${n}` }}`),
  "values of a type that sometimes writes SQL": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(and(eq(users.secret, n % 2 ? n : `${n}`), eq(users.secret, "same"))),
  "inserted values of a type that sometimes writes SQL": (db, { users }, n) =>
    db.insert(users).values({ id: `${n}`, name: "name", secret: n % 2 ? n : `${n}` }),
  "a type whose value cannot be written": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(eq(users.seenAt, n % 2 ? day(n) : ("never" as never))),
  "values that are written into the text": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(and(sql`${users.age} = ${n}`.inlineParams(), eq(users.name, `${n}`))),
  "an alias made anew": (db, { users, messages }, n) => {
    const other = (is(users, pg.PgTable) ? pg.alias : (lite.alias as never as typeof pg.alias))(users, "other");
    return db.select().from(other).innerJoin(messages, eq(messages.authorId, other.id)).where(eq(other.age, n));
  },
  "an alias made once": (db, { named, users }, n) =>
    db
      .select({ id: named.id })
      .from(users)
      .innerJoin(named, and(eq(named.age, users.age), eq(named.name, `${n}`))),
  "a view": (db, { adults }, n) => db.select().from(adults).where(eq(adults.age, n)),
  "a joined view": (db, { adults, users }, n) =>
    db
      .select()
      .from(users)
      .leftJoin(adults, and(eq(adults.id, users.id), eq(adults.age, n))),
  "a statement within another": (db, { users, messages }, n) => {
    const authors = db.select({ id: users.id }).from(users).where(eq(users.age, n));
    const theirs = exists(
      db
        .select({ one: sql`${n}` })
        .from(messages)
        .where(eq(messages.authorId, users.id)),
    );
    const total = sql`(${db.select({ n: count() }).from(messages).where(gt(messages.id, n))})`;
    return db
      .select({ id: users.id, total: total.as("total"), all: db.$count(messages, eq(messages.id, n)) })
      .from(users)
      .where(and(inArray(users.id, authors), theirs, eq(users.name, `${n}`)));
  },
  "a selection of a selection": (db, { users }, n) => {
    const inner = db
      .select({ id: users.id, next: sql`${users.age} + ${n}`.as("next") })
      .from(users)
      .where(eq(users.turn, n))
      .limit(n % 3)
      .as("inner");
    return db.select().from(inner).where(gt(inner.next, n));
  },
  "a selection of a selection to which something is added afterwards": (db, { users, messages }, n) => {
    const pages = db.select({ id: users.id }).from(users).where(eq(users.age, n)).$dynamic();
    const all = pages.as("all");
    const page = pages.limit(10).offset(n).innerJoin(messages, eq(messages.id, n)).where(eq(users.age, -n)).as("page");
    return db.select({ n: count() }).from(all).innerJoin(page, eq(page.id, all.id));
  },
  "a selection of a selection of all columns, to which tables are joined afterwards": (db, { users, messages }, n) => {
    const rows = db.select().from(users).where(eq(users.age, n)).$dynamic();
    const before = asSql(rows);
    rows.innerJoin(messages, eq(messages.id, n)).groupBy(users.id);
    const between = asSql(rows);
    rows.leftJoin(sql`more`, sql`${n}`).union(rows as never);
    return textOf(db, sql`${before} / ${between}`);
  },
  "an insert that grows after it was used": (db, { users }, n) => {
    const insert = db
      .insert(users)
      .values({ id: `${n}`, name: "name" })
      .$dynamic();
    insert.onConflictDoNothing({ target: users.id });
    const before = asSql(insert);
    insert.onConflictDoUpdate({ target: users.name, set: { age: n } }).returning();
    return textOf(db, sql`${before} / ${asSql(insert)}`);
  },
  "named parts": (db, { users, messages }, n) => {
    const some = db.$with("some").as(db.select().from(users).where(eq(users.age, n)));
    const more = db.$with("more").as((qb) => qb.select().from(messages).where(gt(messages.id, n)));
    return db.with(some, more).select().from(some).leftJoin(more, eq(more.authorId, some.id)).where(eq(some.age, n));
  },
  "named parts of what writes": (db, { users }, n) => {
    const some = db.$with("some").as(db.select({ id: users.id }).from(users).where(eq(users.age, n)));
    const ids = sql`(select id from ${some})`;
    return [
      db.with(some).update(users).set({ turn: n }).where(sql`${users.id} in ${ids}`),
      db.with(some).delete(users).where(sql`${users.id} in ${ids} and ${n}`).returning(),
      db
        .with(some)
        .insert(users)
        .values({ id: sql`(select id from ${some})`, name: `${n}` }),
    ][n % 3] as Statement;
  },
  "united selections": (db, { users, messages }, n) =>
    db
      .select({ id: users.id })
      .from(users)
      .where(eq(users.age, n))
      .union(db.select({ id: messages.authorId }).from(messages).where(eq(messages.id, n)))
      .orderBy(sql`${users.id} || ${n}`, asc(users.id))
      .limit(n),
  "an order that Drizzle changed in a union, used again": (db, { users }, n) => {
    const order = asc(users.id);
    const select = () => db.select({ id: users.id }).from(users);
    const union = select().union(select()).orderBy(order).toSQL();
    const { sql: text, params } = select().where(eq(users.age, n)).orderBy(order).toSQL();
    return { toSQL: () => ({ sql: `${union.sql} / ${text}`, params }) };
  },
  "an insert from a selection": (db, { users }, n) =>
    db.insert(users).select(db.select().from(users).where(eq(users.age, n)) as never),
  "an insert from a template": (db, { users }, n) => db.insert(users).select(sql`select * from old where age = ${n}`),
  "an insert of a table that fills its columns": (db, { filled }, n) => db.insert(filled).values({ plain: `${n}` }),
  "inserts of a table that fills its columns": (db, { filled }, n) =>
    db
      .insert(filled)
      .values([
        {},
        { id: `${n}`, updated: `${n}`, both: null, zero: n },
        { plain: `${n}`, fixed: undefined, one: null },
      ])
      .returning(),
  "an update of a table that fills its columns": (db, { filled }, n) =>
    db
      .update(filled)
      .set({ plain: `${n}` })
      .where(eq(filled.id, `${n}`))
      .returning(),
  "an update of columns that are filled otherwise": (db, { filled }, n) =>
    db.update(filled).set({ zero: n, updated: `${n}`, one: n % 2 ? sql`${n}` : null }),
  "an insert or an update of a table that fills its columns": (db, { filled }, n) =>
    db
      .insert(filled)
      .values({ plain: "a" })
      .onConflictDoUpdate({ target: filled.id, set: { plain: `${n}` } }),
  "functions of columns that build statements": (db, tables, n) => {
    nest(db, tables);
    const { nesting } = tables;
    return [
      db.insert(nesting).values([{ told: `${n}` }, { told: "same" }]),
      db
        .update(nesting)
        .set({ told: `${n}` })
        .where(eq(nesting.told, `${n}`)),
      db
        .select()
        .from(nesting)
        .where(and(eq(nesting.told, `${n}`), eq(nesting.id, `${n}`))),
    ][n % 3] as Statement;
  },
  "callbacks that build statements": (db, tables, n) => {
    nest(db, tables);
    return db.query.users.findMany({
      where: (t, { eq }) => eq(t.name, `${n} ${turn.within()}`),
      orderBy: (t, { sql }) => sql`${t.name} = ${turn.within()}`,
      extras: (t, { sql }) => ({ more: sql`${t.name} || ${turn.within()}`.as("more") }),
    });
  },
  "a name that cannot be written": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(sql`${sql.identifier(n % 2 ? "name" : (undefined as never))} = ${n}`),
  "a name that cannot be written, in a selection that is not always sent": (db, { users }, n) => {
    const inner = db
      .select()
      .from(users)
      .where(sql`${sql.identifier(undefined as never)} = ${n}`)
      .as("inner");
    return n % 2 ? db.select().from(inner) : db.select().from(users).where(eq(users.age, n));
  },
  "text that is too long to be kept": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(sql`${sql.raw("long ".repeat(4_000))} ${n}`),
  placeholders: (db, { users }, n) =>
    [
      db
        .select()
        .from(users)
        .where(and(eq(users.turn, sql.placeholder("turn")), eq(users.age, n))),
      db
        .select()
        .from(users)
        .where(sql`${users.name} = ${sql.placeholder(`name${n}`)}`)
        .limit(sql.placeholder("l")),
      db.insert(users).values({ id: sql.placeholder("id"), name: `${n}` }),
      db
        .update(users)
        .set({ turn: sql.placeholder("turn") })
        .where(eq(users.age, n)),
    ][n % 4] as Statement,
  "placeholders named like numbers": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(and(eq(users.name, sql.placeholder("0")), eq(users.age, n))),
  "a column that is in none of the tables": (db, { users, messages }, n) =>
    db.select({ id: messages.id }).from(users).where(eq(users.age, n)),
  "more values than are counted": (db, { users }, n) =>
    db
      .select()
      .from(users)
      .where(
        inArray(
          users.age,
          Array.from({ length: 300 }, (_, i) => i * n),
        ),
      ),
  "a condition of db.query that is no condition": (db, _, n) =>
    db.query.users.findMany({ where: (() => [false, null, 0, ""][n % 4]) as never }),
  "an order of db.query that is none": (db, _, n) =>
    db.query.users.findMany({ orderBy: (() => [undefined, null, []][n % 3]) as never }),
  "conditions of relations": (db, { users, messages }, n) =>
    db.query.users.findMany({
      where: eq(users.age, n),
      extras: n % 2 ? (t, { sql }) => ({ n: sql`${t.age} + ${n}`.as("n") }) : {},
      with: {
        messages: {
          where: n < 4 ? gt(messages.id, n) : (t, { lt }) => lt(t.id, n),
          orderBy: (t, { desc }) => desc(t.sentAt),
          extras: { more: sql`${messages.body} || ${n}`.as("more") },
        },
      },
    }),
  "a selection to which text is added": (db, { users }, n) =>
    textOf(db, asSql(db.select().from(users).where(eq(users.age, n))).append(sql` for ${n}`)),
  "a selection whose values are put into its text": (db, { users }, n) =>
    textOf(db, asSql(db.select().from(users).where(eq(users.age, n))).inlineParams()),
  "a statement whose text is asked for twice, and that is then within another": (db, { users }, n) => {
    const statement = db.select({ id: users.id }).from(users).where(eq(users.turn, n));
    const [first, second] = [statement.toSQL(), statement.toSQL()];
    first.params.push("more");
    const { sql: text, params } = db.select().from(users).where(inArray(users.id, statement)).toSQL();
    return { toSQL: () => ({ sql: `${second.sql} / ${text}`, params: [...second.params, ...params] }) };
  },
};

function onlyPg(): Record<string, Story> {
  const mood = pg.pgEnum("mood", ["good", "bad"]);
  const things = pg.pgSchema("inside").table("things", {
    id: pg.integer().primaryKey().generatedAlwaysAsIdentity(),
    otherNumber: pg.numeric({ mode: "bigint" }),
    tags: pg.text().array(),
    mood: mood(),
  });
  return {
    "values that are lists": (db, _, n) =>
      db
        .select()
        .from(things)
        .where(and(arrayContains(things.tags, [`${n}`, "tag"]), eq(things.tags, Array(n).fill("tag")))),
    "a table of another schema, and a type": (db, _, n) =>
      db
        .select({ it: sql`${things.mood} = ${"good"}::${mood}` })
        .from(things)
        .where(eq(things.otherNumber, BigInt(n))),
    "rows of a table that numbers its rows": (db, _, n) =>
      [
        db
          .insert(things)
          .overridingSystemValue()
          .values({ id: n, tags: [`${n}`] }),
        db.insert(things).values({ tags: null, mood: "good", otherNumber: BigInt(n) }),
      ][n % 2] as Statement,
    "rows that are told apart and locked": (db, { users, messages }, n) =>
      db
        .selectDistinctOn([users.id, sql`${users.age} + ${n}`])
        .from(users)
        .where(eq(users.age, n))
        .for("update", { of: n % 2 ? users : messages, skipLocked: true }),
    "a change from other tables": (db, { users, messages }, n) =>
      db
        .update(users)
        .set({ age: n })
        .from(messages)
        .leftJoin(things, and(eq(things.id, messages.id), eq(things.id, n)))
        .where(and(eq(messages.authorId, users.id), eq(messages.id, n)))
        .returning(),
  };
}

function onlyLite(): Record<string, Story> {
  const things = lite.sqliteTable("things", {
    id: lite.integer().primaryKey({ autoIncrement: true }),
    otherNumber: lite.numeric({ mode: "bigint" }),
    bytes: lite.blob(),
  });
  const of = (db: Db) => db as unknown as lite.BaseSQLiteDatabase<"async", unknown, Record<string, unknown>>;
  return {
    "bytes and big numbers": (db, _, n) =>
      of(db)
        .insert(things)
        .values({ otherNumber: BigInt(n), bytes: Buffer.from([n]) })
        .returning(),
    "the first rows that are changed or removed": (db, _, n) =>
      [
        of(db).update(things).set({ otherNumber: 1n }).where(eq(things.id, n)).orderBy(desc(things.id)).limit(n),
        of(db).delete(things).where(eq(things.id, n)).orderBy(sql`${things.id} = ${n}`).limit(1),
      ][n % 2] as Statement,
    "a row for which more than one thing may exist": (db, _, n) =>
      of(db)
        .insert(things)
        .values({ id: n })
        .onConflictDoNothing({ target: things.id, where: sql`${things.id} > ${n}` })
        .onConflictDoUpdate({ target: [things.otherNumber], set: { bytes: null }, setWhere: eq(things.id, n) }),
  };
}

describe.each(kits)("%s: the text and the values are Drizzle's for", (_, kit) => {
  test.each(Object.entries(kept))("%s, and it is built no more", (_, story) => {
    const { planned, drizzle, tables } = agree(kit, story, 6);
    expect(buildsOf(drizzle, () => story(drizzle.db, tables, 7).toSQL())).toBeGreaterThan(0);
    expect(buildsOf(planned, () => story(planned.db, tables, 7).toSQL())).toBe(0);
  });

  test.each(Object.entries(others))("%s", (_, story) => {
    agree(kit, story, 12);
  });

  test.each(Object.entries(kit.isPg ? onlyPg() : onlyLite()))("%s", (_, story) => {
    agree(kit, story, 8);
  });

  test("all of these in turns, by one dialect", () => {
    const stories = [...Object.values(kept), ...Object.values(others)];
    const inTurns: Story = (db, tables, n) => (stories[n % stories.length] as Story)(db, tables, n);
    agree(kit, inTurns, 5 * stories.length);
  });
});

describe.each(kits)("%s: a plan", (_, kit) => {
  const start = () => {
    const tables = kit.tables();
    const planned = kit.planned(tables);
    const { users } = tables;
    const hot = () => planned.db.select().from(users).where(eq(users.age, 1)).toSQL();
    return { planned, tables, hot, builds: (run: () => void) => buildsOf(planned, run) };
  };

  test("is made when the tables have been seen before, and then used", () => {
    const { planned, tables, hot, builds } = start();
    expect([builds(hot), builds(hot), builds(hot)]).toEqual([1, 1, 0]);
    const other = () => planned.db.select().from(tables.users).where(gt(tables.users.age, 1)).toSQL();
    expect([builds(other), builds(other), builds(hot)]).toEqual([1, 0, 0]);
  });

  test("is not kept for an alias that is made anew, however many there are", () => {
    const { planned, tables, hot, builds } = start();
    for (let n = 0; n < 3; n++) hot();
    for (let n = 0; n < 1_100; n++) {
      const other = kit.alias(tables.users, "other");
      planned.db.select({ id: other.id }).from(other).where(eq(other.age, n)).toSQL();
    }
    expect(builds(hot)).toBe(0);
  });

  test("makes room when there are 1,024 newer ones", () => {
    const { planned, tables, hot, builds } = start();
    for (let n = 0; n < 2; n++) hot();
    const other = (n: number) => () => planned.db.select().from(tables.users).limit(n).toSQL();
    for (let n = 1; n <= 1_023; n++) other(n)();
    expect([builds(hot), builds(other(1)), builds(other(1_023))]).toEqual([0, 0, 0]);
    other(1_024)();
    expect([builds(other(1)), builds(other(1_024)), builds(hot)]).toEqual([0, 0, 1]);
  });

  test("is not made of very many values, or of very long text", () => {
    const { planned, tables, builds } = start();
    const { users } = tables;
    const many = (n: number) => () =>
      planned.db
        .select()
        .from(users)
        .where(
          inArray(
            users.age,
            Array.from({ length: n }, () => 1),
          ),
        )
        .toSQL();
    const long = (n: number) => () =>
      planned.db
        .select()
        .from(users)
        .where(sql.raw("x".repeat(n)))
        .toSQL();
    for (const few of [many(256), long(15_000)]) expect([builds(few), builds(few), builds(few)].at(-1)).toBe(0);
    for (const lot of [many(257), long(17_000)]) expect([builds(lot), builds(lot), builds(lot)]).toEqual([1, 1, 1]);
  });

  test("that cannot be made leaves the values as they were", () => {
    const { planned, tables } = start();
    const { users, messages } = tables;
    const name = sql.param("Ann");
    const list = [1, 2];
    const condition = sql`${users.name} = ${name} and ${users.age} in ${list} and ${users.age} < ${90}`;
    for (let n = 0; n < 4; n++) {
      const wrong = planned.db.select({ id: messages.id }).from(users).where(condition);
      expect(() => wrong.toSQL()).toThrow("is not part of the query");
      expect([name.value, list, condition.queryChunks[11]]).toEqual(["Ann", [1, 2], 90]);
    }
    expect(planned.db.select().from(users).where(condition).toSQL().params).toEqual(["Ann", 1, 2, 90]);
  });

  test("is made and used without a change to the values that the caller still has", () => {
    const { planned, tables } = start();
    const { users } = tables;
    for (let n = 1; n <= 4; n++) {
      const name = sql.param(`name ${n}`);
      const condition = sql`${users.name} = ${name} and ${users.age} = ${n}`;
      const { params } = planned.db.select().from(users).where(condition).toSQL();
      expect([name.value, condition.queryChunks[7], params]).toEqual([`name ${n}`, n, [`name ${n}`, n]]);
    }
  });
});

describe.each(kits)("%s: the rows are those that Drizzle reads", (_, kit) => {
  const instant = kit.isPg ? "2026-01-02 03:04:05" : 1_767_323_045;
  const json = (value: unknown) => (kit.isPg ? value : JSON.stringify(value));
  const stories: [string, unknown[], (db: Db, tables: Schema, n: number) => unknown][] = [
    [
      "of db.query, with extras and relations",
      ["id", instant, json({ deep: [1] }), "extra", json([[7, instant, json(["id", null])]])],
      (db, _, n) =>
        db.query.users.findMany({
          columns: { id: true, seenAt: true, config: true },
          extras: { more: sql<string>`${n}`.as("more") },
          where: (t, { eq }) => eq(t.age, n),
          with: {
            messages: { columns: { id: true, sentAt: true }, with: { author: { columns: { id: true, age: true } } } },
          },
        }),
    ],
    [
      "of db.query, the first",
      [7, instant],
      (db, _, n) =>
        db.query.messages.findFirst({ columns: { id: true, sentAt: true }, where: (t, { eq }) => eq(t.id, n) }),
    ],
    [
      "of joined tables",
      ["id", null, instant, 8],
      (db, { users, messages }, n) =>
        db
          .select({
            user: { id: users.id },
            message: { id: messages.id, at: messages.sentAt },
            n: sql`${n}`.mapWith(String),
          })
          .from(users)
          .leftJoin(messages, eq(messages.id, n)),
    ],
    [
      "that were inserted",
      ["id", instant, 8],
      (db, { users }, n) =>
        db
          .insert(users)
          .values({ id: `${n}`, name: "name" })
          .returning({ id: users.id, at: users.seenAt, n: sql`${n}`.mapWith((read) => [read, n]) }),
    ],
    [
      "that a prepared statement with placeholders finds",
      ["id", instant],
      (db, { users }, n) =>
        db
          .select({ id: users.id, at: users.seenAt })
          .from(users)
          .where(and(eq(users.turn, sql.placeholder("turn")), eq(users.age, n)))
          .prepare("prepared")
          .execute({ turn: n }),
    ],
    [
      "that a prepared statement with values finds",
      ["id", instant],
      (db, { users }, n) =>
        db
          .select({ id: users.id, at: users.seenAt })
          .from(users)
          .where(eq(users.turn, n))
          .prepare("prepared")
          .execute(),
    ],
  ];

  test.each(stories)("%s", async (_, row, story) => {
    const tables = kit.tables();
    const [planned, drizzle] = [kit.planned(tables, [row]), kit.drizzle(tables, [row])];
    for (let n = 1; n <= 5; n++) {
      Object.assign(turn, { number: n, calls: 0 });
      const expected = await story(drizzle.db, tables, n);
      expect(await story(planned.db, tables, n)).toEqual(expected);
      expect(planned.asked).toEqual(drizzle.asked);
    }
  });
});

const columns = ["id", "name", "age", "seenAt", "config", "secret", "turn"] as const;
type ColumnName = (typeof columns)[number];
/** A value by its number: the same shape is written with one list of values and then with another. */
type Value = number;
type Condition =
  | { is: "compared"; column: ColumnName; how: "eq" | "ne" | "gt" | "like"; value: Value }
  | { is: "among"; column: ColumnName; values: Value[] }
  | { is: "text"; column: ColumnName; value: Value; list: Value[] }
  | { is: "all" | "any"; of: Condition[] }
  | { is: "not" | "within"; of: Condition };
type Row = Partial<Record<ColumnName, Value>>;
type Shape =
  | {
      is: "select";
      columns: ColumnName[];
      made: Value;
      distinct: boolean;
      join: Condition | null;
      where: Condition | null;
      order: (ColumnName | Condition)[];
      limit: number | null;
      inside: boolean;
      united: boolean;
    }
  | { is: "insert"; rows: Row[]; conflict: Row | null; returning: Condition | null }
  | { is: "update"; set: Row; where: Condition | null; returning: Condition | null }
  | { is: "delete"; where: Condition | null; returning: Condition | null }
  | {
      is: "find";
      columns: ColumnName[];
      callbacks: boolean;
      where: Condition | null;
      order: (ColumnName | Condition)[];
      limit: number | null;
      extra: Value;
      related: Condition | null;
    };

const anyValue: fc.Arbitrary<Value> = fc.nat(5);
/** These are built anew each time. */
const rarely = fc.nat(5).map((n) => n === 5);
const anyColumn = fc.constantFrom(...columns);
const anyCondition = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({
      is: fc.constant("compared" as const),
      column: anyColumn,
      how: fc.constantFrom("eq" as const, "ne" as const, "gt" as const, "like" as const),
      value: anyValue,
    }),
    fc.record({ is: fc.constant("among" as const), column: anyColumn, values: fc.array(anyValue, { maxLength: 3 }) }),
    fc.record({
      is: fc.constant("text" as const),
      column: anyColumn,
      value: anyValue,
      list: fc.array(anyValue, { maxLength: 2 }),
    }),
    fc.record({
      is: fc.constantFrom("all" as const, "any" as const),
      of: fc.array(tie("condition"), { maxLength: 3 }),
    }),
    fc.record({
      is: rarely.map((within) => (within ? ("within" as const) : ("not" as const))),
      of: tie("condition"),
    }),
  ),
})).condition;
const anyRow: fc.Arbitrary<Row> = fc.dictionary(anyColumn, anyValue) as fc.Arbitrary<Row>;
const maybe = fc.option(anyCondition);
const anyOrder = fc.array(fc.oneof(anyColumn, anyCondition), { maxLength: 2 });
const anyShape: fc.Arbitrary<Shape> = fc.oneof(
  fc.record({
    is: fc.constant("select" as const),
    columns: fc.uniqueArray(anyColumn, { maxLength: 3 }),
    made: anyValue,
    distinct: fc.boolean(),
    join: maybe,
    where: maybe,
    order: anyOrder,
    limit: fc.option(fc.nat(2)),
    inside: rarely,
    united: rarely,
  }),
  fc.record({
    is: fc.constant("insert" as const),
    rows: fc.array(anyRow, { minLength: 1, maxLength: 3 }),
    conflict: fc.option(anyRow),
    returning: maybe,
  }),
  fc.record({ is: fc.constant("update" as const), set: anyRow, where: maybe, returning: maybe }),
  fc.record({ is: fc.constant("delete" as const), where: maybe, returning: maybe }),
  fc.record({
    is: fc.constant("find" as const),
    columns: fc.uniqueArray(anyColumn, { maxLength: 3 }),
    callbacks: fc.boolean(),
    where: maybe,
    order: anyOrder,
    limit: fc.option(fc.nat(2)),
    extra: anyValue,
    related: maybe,
  }),
);
const anyWriting = fc.record({
  /** Which of the shapes. */
  shape: fc.nat(),
  values: fc.array(
    fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.integer(),
      fc.constantFrom<unknown[]>(null, undefined, true, 7n, day(1), day(2), { deep: 1 }, [1], new Uint8Array([1])),
    ),
    { minLength: 6, maxLength: 6 },
  ),
  /** Whether equal conditions are one object. */
  shares: fc.boolean(),
});

/** Writes a shape with values. */
class Writer {
  readonly #db: Db;
  readonly #tables: Schema;
  readonly #values: readonly unknown[];
  readonly #shared: Map<string, SQL> | undefined;

  constructor(db: Db, tables: Schema, values: readonly unknown[], shares: boolean) {
    this.#db = db;
    this.#tables = tables;
    this.#values = values;
    this.#shared = shares ? new Map() : undefined;
  }

  write(shape: Shape): Statement {
    const { users } = this.#tables;
    if (shape.is === "select") return this.#select(shape);
    if (shape.is === "find") return this.#find(shape);
    if (shape.is === "insert") {
      const insert = this.#db
        .insert(users)
        .values(shape.rows.map((row) => this.#row(row) as never))
        .$dynamic();
      if (shape.conflict) insert.onConflictDoUpdate({ target: users.id, set: this.#row(shape.conflict) });
      return this.#returning(insert, shape.returning);
    }
    const changed = shape.is === "update" ? this.#db.update(users).set(this.#row(shape.set)) : this.#db.delete(users);
    if (shape.where) changed.where(this.#condition(shape.where));
    return this.#returning(changed, shape.returning);
  }

  #select({ columns, made, distinct, join, where, order, limit, inside, united }: Extract<Shape, { is: "select" }>) {
    const { users, messages } = this.#tables;
    const fields = Object.fromEntries(columns.map((name) => [name, users[name]]));
    const more = sql`${this.#value(made)}`.as("more");
    const once = () => {
      const from = this.#db[distinct ? "selectDistinct" : "select"]({ ...fields, more } as unknown as {
        id: pg.PgColumn;
      });
      const select = from.from(users).$dynamic();
      if (join) select.leftJoin(messages, this.#condition(join));
      return where ? select.where(this.#condition(where)) : select;
    };
    const select = united ? once().union(once() as never) : once();
    select.orderBy(...order.map((by) => (typeof by === "string" ? desc(users[by]) : this.#condition(by))));
    if (limit !== null) select.limit(limit).offset(limit);
    if (!inside) return select;
    const inner = select.as("inner");
    if (where) select.where(sql`changed`).limit(9);
    return this.#db
      .select()
      .from(inner)
      .where(eq(inner.id ?? sql`1`, this.#value(made)));
  }

  #find({ columns, callbacks, where, order, limit, extra, related }: Extract<Shape, { is: "find" }>) {
    const { users } = this.#tables;
    const condition = where ? this.#condition(where) : undefined;
    const orders = order.map((by) => (typeof by === "string" ? users[by] : this.#condition(by)));
    return this.#db.query.users.findMany({
      ...(columns.length > 0 ? { columns: Object.fromEntries(columns.map((name) => [name, true])) } : {}),
      where: callbacks ? (t, { and, eq }) => and(eq(t.age, this.#value(extra) as number), condition) : condition,
      orderBy: callbacks ? (t, { asc }) => [asc(t.name), ...orders] : orders,
      limit: limit ?? undefined,
      extras: { more: sql`${this.#value(extra)}`.as("more") },
      with: related ? { messages: { where: this.#condition(related), limit: limit ?? undefined } } : undefined,
    });
  }

  #returning(statement: { returning(fields: object): Statement } & Statement, with_: Condition | null): Statement {
    return with_ ? statement.returning({ id: this.#tables.users.id, it: this.#condition(with_) }) : statement;
  }

  #row(row: Row): Record<string, unknown> {
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, this.#value(value, name)]));
  }

  /** Of whatever type, for columns that take it: all but `seenAt`. */
  #value(value: Value, column?: string): unknown {
    const is = this.#values[value];
    return column !== "seenAt" || is === null || is === undefined ? is : day(String(is).length);
  }

  #condition(condition: Condition): SQL {
    const key = JSON.stringify(condition);
    const written = this.#shared?.get(key) ?? this.#write(condition);
    this.#shared?.set(key, written);
    return written;
  }

  #write(condition: Condition): SQL {
    const { users } = this.#tables;
    switch (condition.is) {
      case "compared":
        return { eq, ne, gt, like }[condition.how](
          users[condition.column] as never,
          this.#value(condition.value, condition.column) as never,
        );
      case "among":
        return inArray(
          users[condition.column] as Column,
          condition.values.map((value) => this.#value(value, condition.column)),
        );
      case "text": {
        const list = condition.list.map((value) => this.#value(value));
        return sql`${users[condition.column]} = ${this.#value(condition.value)} or ${list}`;
      }
      case "not":
        return not(this.#condition(condition.of));
      case "within":
        return exists(this.#db.select().from(users).where(this.#condition(condition.of)));
      default:
        return { all: and, any: or }[condition.is](...condition.of.map((one) => this.#condition(one))) ?? sql`true`;
    }
  }
}

describe.each(kits)("%s: random statements, of a few shapes in random order,", (_, kit) => {
  test("are those of Drizzle", () => {
    const tables = kit.tables();
    const shapes = fc.array(anyShape, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(shapes, fc.array(anyWriting, { minLength: 4, maxLength: 12 }), (shapes, writings) => {
        const [planned, drizzle] = [kit.planned(tables), kit.drizzle(tables)];
        for (const [n, { shape, values, shares }] of writings.entries()) {
          const [expected, found] = [drizzle, planned].map(({ db }) =>
            outcome(n, () => new Writer(db, tables, values, shares).write(shapes[shape % shapes.length] as Shape)),
          );
          expect(found).toEqual(expected);
        }
      }),
      { numRuns: 150 },
    );
  });
});
