import { asc, desc, eq, getTableColumns, sql } from "drizzle-orm";
import {
  alias,
  bigint,
  boolean,
  customType,
  doublePrecision,
  integer,
  numeric,
  pgEnum,
  pgTable,
  primaryKey,
  serial,
  text,
  timestamp,
  unique,
  uuid,
} from "drizzle-orm/pg-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWithPostgres } from "../../../tests/support/databases/with-postgres.ts";
import { everyPage } from "../../../tests/support/every-page.ts";
import type { DatabaseConnection, Driver } from "../../database/driver/driver.ts";
import { openPostgres } from "../../database/postgres/postgres.ts";
import { openTemporaryDatabase } from "../../database/temporary-database.ts";
import { createTables } from "../../schema/create-tables.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import type { Database } from "../context.ts";
import { InvalidCursorError, writeCursor } from "./cursor.ts";
import { paginate } from "./paginate.ts";
import { type PaginationOptions, paginationOpts } from "./pagination-options.ts";

const mood = pgEnum("Mood", ["low", "even", "high"]);
const posts = pgTable("posts", {
  id: integer().primaryKey(),
  room: text().notNull(),
  at: timestamp({ withTimezone: true }).notNull(),
  note: text(),
});
const things = pgTable(
  "things",
  {
    id: serial().primaryKey(),
    big: bigint({ mode: "bigint" }).notNull().unique(),
    exact: numeric({ precision: 30, scale: 12 }).notNull(),
    float: doublePrecision().notNull(),
    isOn: boolean("is_on").notNull(),
    day: timestamp({ mode: "string" }).notNull(),
    mood: mood().notNull(),
    name: text().notNull(),
    key: uuid().notNull(),
    shelf: integer().notNull(),
    place: integer().notNull(),
    bytes: customType<{ data: Uint8Array }>({ dataType: () => "bytea" })().notNull(),
  },
  (table) => [unique().on(table.shelf, table.place)],
);
const links = pgTable("links", { from: integer().notNull(), to: integer().notNull() }, (table) => [
  primaryKey({ columns: [table.from, table.to] }),
]);
const schema = { posts, things, links, mood };

function behavesAsPaginate(open: () => Promise<Driver>): void {
  let driver: Driver;
  let connection: DatabaseConnection;
  let db: Database<typeof schema>;

  beforeAll(async () => {
    driver = await open();
    await createTables(driver, schema);
    connection = await driver.connect();
    await connection.begin("write");
    db = connection.db as typeof db;
    // Twelve rows, all in one millisecond, some in one microsecond.
    await db.execute(
      sql`insert into posts select i, 'hall', timestamptz '2026-01-01 10:00:00.123450+00' + (i * 7 % 5) * interval '1 microsecond', null from generate_series(1, 12) as i`,
    );
    await db.execute(sql`insert into posts select i, 'attic', now(), null from generate_series(101, 103) as i`);
    await db.execute(sql`insert into things
      select i, 9007199254740990 + i, (i % 4) * 0.000000000001, case when i % 5 = 0 then 'NaN' else 0.1 * i end, i % 2 = 0,
        timestamp '2026-01-01' + (i % 3) * interval '1 microsecond', (enum_range(null::"Mood"))[1 + i % 3],
        (array['a', 'B', 'ä', '', E'\\n\\'"'])[1 + i % 5], md5(i::text)::uuid, i % 3, i, decode(md5((i % 7)::text), 'hex')
      from generate_series(1, 23) as i`);
    await db.execute(sql`insert into links select i % 3, i from generate_series(1, 10) as i`);
  });
  afterAll(async () => {
    await connection?.rollback();
    connection?.release();
    await driver?.close();
  });

  const inTime = { orderBy: [asc(posts.at), asc(posts.id)] };

  const ids = (rows: readonly { id: number }[]) => rows.map(({ id }) => id);

  test("walks through rows of one millisecond in their order, each once", async () => {
    const expected = ids(await db.select().from(posts).orderBy(asc(posts.at), asc(posts.id)));
    for (const numItems of [1, 2, 5, 12, 100]) {
      const pages = await everyPage((pagination) => paginate(db.select().from(posts), inTime, pagination), numItems);
      expect(ids(pages.flat())).toEqual(expected);
      expect(pages).toHaveLength(Math.ceil(15 / numItems));
    }
  });

  test("keeps to what the select asks for", async () => {
    const pages = await everyPage(
      (pagination) =>
        paginate(db.select().from(posts).where(eq(posts.room, "attic")), { orderBy: desc(posts.id) }, pagination),
      2,
    );
    expect(pages.map(ids)).toEqual([[103, 102], [101]]);
  });

  test("answers rows as the select has them, without what it needs itself", async () => {
    const options = { cursor: null, numItems: 1 };
    const [whole] = (await paginate(db.select().from(posts), inTime, options)).page;
    expect(whole).toEqual({ id: 5, room: "hall", at: new Date("2026-01-01T10:00:00.123Z"), note: null });
    const other = alias(posts, "other");
    const joined = db.select().from(posts).innerJoin(other, eq(other.id, posts.id));
    expect((await paginate(joined, { orderBy: posts.id }, options)).page).toMatchObject([
      { posts: { id: 1 }, other: { id: 1 } },
    ]);
    const part = db.select({ room: posts.room, in: { year: sql<string>`to_char(${posts.at}, 'YYYY')` } }).from(posts);
    expect((await paginate(part, inTime, options)).page).toEqual([{ room: "hall", in: { year: "2026" } }]);
    const { room, ...rest } = getTableColumns(posts);
    expect((await paginate(db.select(rest).from(posts), { orderBy: [room, posts.id] }, options)).page).toMatchObject([
      { id: 101 },
    ]);
  });

  test.each<[string, () => NonNullable<Parameters<typeof paginate>[1]>]>([
    ["bigints", () => ({ orderBy: things.big })],
    ["decimals", () => ({ orderBy: [desc(things.exact), things.id] })],
    ["floating point numbers, NaN among them", () => ({ orderBy: [things.float, desc(things.id)] })],
    ["booleans", () => ({ orderBy: [desc(things.isOn), asc(things.id)] })],
    ["dates that are text", () => ({ orderBy: [asc(things.day), desc(things.id)] })],
    ["enums", () => ({ orderBy: [things.mood, things.id] })],
    ["texts", () => ({ orderBy: [desc(things.name), things.isOn, desc(things.id)] })],
    ["uuids", () => ({ orderBy: [things.key, things.id] })],
    ["bytes", () => ({ orderBy: [desc(things.bytes), things.id] })],
    ["columns that are unique together", () => ({ orderBy: [desc(things.shelf), things.place] })],
  ])("orders by %s", async (_, options) => {
    const { orderBy } = options();
    const expected = ids(
      await db
        .select()
        .from(things)
        .orderBy(...([orderBy].flat() as [])),
    );
    const pages = await everyPage((pagination) => paginate(db.select().from(things), options(), pagination), 4);
    expect(ids(pages.flat())).toEqual(expected);
  });

  test("orders by a primary key of several columns", async () => {
    const pages = await everyPage(
      (pagination) => paginate(db.select().from(links), { orderBy: [links.to, links.from] }, pagination),
      3,
    );
    expect(pages.flat().map(({ to }) => to)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test("a page with an end holds all rows up to it, whatever numItems says, and continues there", async () => {
    const page = (pagination: PaginationOptions) =>
      paginate(db.select().from(posts), { orderBy: posts.id }, pagination);
    const first = await page({ cursor: null, numItems: 3 });
    const second = await page({ cursor: first.continueCursor, numItems: 3 });
    const pinned = await page({ cursor: first.continueCursor, endCursor: second.continueCursor, numItems: 1 });
    expect(pinned).toEqual(second);
    const both = await page({ cursor: null, endCursor: second.continueCursor, numItems: 1 });
    expect(ids(both.page)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("no rows are a page, too, from which the first may follow", async () => {
    const none = () => db.select().from(posts).where(eq(posts.room, "cellar"));
    const empty = await paginate(none(), inTime, { cursor: null, numItems: 3 });
    expect(empty).toEqual({ page: [], isDone: true, continueCursor: "" });
    const again = await paginate(none(), inTime, { cursor: empty.continueCursor, numItems: 3 });
    expect(again).toEqual(empty);
  });

  describe("refuses a cursor", () => {
    const page = (cursor: string) =>
      paginate(db.select().from(things), { orderBy: [things.day, things.id] }, { cursor, numItems: 3 });

    test.each<[string, () => Promise<string> | string, string]>([
      ["that is no cursor", () => "hello", "malformed"],
      ["of other content", () => Buffer.from("{}").toString("base64url"), "malformed"],
      ["of too few values", async () => await forged([]), "another order"],
      [
        "of another order",
        async () => (await paginate(db.select().from(posts), inTime, { cursor: null, numItems: 1 })).continueCursor,
        "another order",
      ],
    ])("%s", async (_, cursor, problem) => {
      await expect(page(await cursor())).rejects.toThrow(InvalidCursorError);
      await expect(page(await cursor())).rejects.toThrow(problem);
    });

    test.each([
      [["some day", "1"]],
      [["2026-01-01", "9".repeat(40)]],
      [["2026-01-01", "1; drop table things"]],
      [["2026-01-01\0", "1"]],
      [[{ a: 1 }, null]],
      [[["2026-01-01"], "1"]],
      [[[], "1"]],
      [[undefined, "1"]],
      [["2026-01-01", undefined]],
      [["2026-01-01", 1]],
      [[new Date(0), "1"]],
      [["2026-01-01", new Uint8Array(2)]],
      [["2026-01-01", "1.5"]],
      [["2026-13-45", "1"]],
    ])("whose values the database cannot read: %j", async (values) => {
      await db.execute(sql`savepoint before`);
      await expect(page(await forged(values))).rejects.toThrow(/holds values that the database cannot read/);
      await db.execute(sql`rollback to savepoint before`);
    });

    /** The order's own fingerprint, with other values behind it. */
    async function forged(values: unknown[]): Promise<string> {
      const { continueCursor } = await paginate(
        db.select().from(things),
        { orderBy: [things.day, things.id] },
        { cursor: null, numItems: 1 },
      );
      const [order] = JSON.parse(Buffer.from(continueCursor, "base64url").toString()) as [string];
      return writeCursor(order, values);
    }
  });

  describe("refuses an order", () => {
    const options = { cursor: null, numItems: 1 };
    test.each<[string, NonNullable<Parameters<typeof paginate>[1]>["orderBy"], string]>([
      ["in which two rows may have one place", [desc(posts.at)], "not unique"],
      ["in which a row may have none", [posts.note, posts.id], '"note" may be null'],
      ["by an expression", [sql`lower(${posts.room})`, posts.id], "asc(column) or desc(column)"],
      ["by half of a key", [things.shelf], "not unique"],
    ])("%s", async (_, orderBy, problem) => {
      await expect(paginate(db.select().from(posts), { orderBy }, options)).rejects.toThrow(problem);
    });

    test("or a limit that the select has itself", async () => {
      await expect(paginate(db.select().from(posts).orderBy(posts.at), inTime, options)).rejects.toThrow(
        "without orderBy",
      );
      await expect(paginate(db.select().from(posts).limit(3), inTime, options)).rejects.toThrow("without limit");
      await expect(paginate(db.select().from(posts).offset(3), inTime, options)).rejects.toThrow("without offset");
      const union = db.select().from(posts).union(db.select().from(posts));
      await expect(paginate(union, inTime, options)).rejects.toThrow("without union");
    });
  });
}

describe("paginate", () => behavesAsPaginate(() => openTemporaryDatabase({ schema })));

await describeWithPostgres("paginate on a PostgreSQL server", ({ url }) =>
  behavesAsPaginate(async () => openPostgres({ url, schema, log: new HandClock().log })),
);

describe("paginationOpts", () => {
  test.each([
    { cursor: null, numItems: 20 },
    { cursor: "abc", endCursor: "abd", numItems: 1 },
    { cursor: null, endCursor: null, numItems: 1000 },
  ])("accepts %j", (options) => {
    expect(paginationOpts.parse(options)).toEqual(options);
  });

  test.each([
    { numItems: 20 },
    { cursor: null },
    { cursor: null, numItems: 0 },
    { cursor: null, numItems: 1001 },
    { cursor: null, numItems: 1.5 },
    { cursor: 1, numItems: 1 },
    { cursor: null, numItems: 1, offset: 1 },
  ])("refuses %j", (options) => {
    expect(paginationOpts.safeParse(options).success).toBe(false);
  });

  test("refuses a cursor longer than any order needs", () => {
    expect(paginationOpts.safeParse({ cursor: "a".repeat(9_000), numItems: 1 }).success).toBe(false);
  });
});
