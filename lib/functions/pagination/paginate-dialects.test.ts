import { asc, type Column, desc, eq } from "drizzle-orm";
import * as mysql from "drizzle-orm/mysql-core";
import * as sqlite from "drizzle-orm/sqlite-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWithMysql } from "../../../tests/support/databases/with-mysql.ts";
import { everyPage } from "../../../tests/support/every-page.ts";
import type { DatabaseConnection, Driver } from "../../database/driver/driver.ts";
import { openMysql } from "../../database/mysql/mysql-driver.ts";
import { openTemporaryDatabase } from "../../database/temporary-database.ts";
import { createTables } from "../../schema/create-tables.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import type { Database } from "../context.ts";
import { InvalidCursorError, readCursor, writeCursor } from "./cursor.ts";
import type { OrderTerm } from "./keyset-order.ts";
import { paginate } from "./paginate.ts";
import type { PaginationOptions, PaginationResult } from "./pagination-options.ts";

/** PostgreSQL has tests of its own: see `paginate.test.ts`. These are what SQLite and MySQL do differently. */
interface Case {
  open(): Promise<Driver>;
  schema: Record<string, unknown>;
  things: Record<string, Column>;
  links: Record<string, Column>;
  /** Rows 1 to 23, in an order of their own. */
  row(i: number): Record<string, unknown>;
  orders: Record<string, OrderTerm[]>;
  /** Values of the first order's columns that no row can have. */
  impossible: unknown[][];
}

/** The tests are written once: the tables pass for SQLite's, and so does `db`. */
type Db = Database<typeof sqliteSchema>;

const bigs = sqlite.customType<{ data: bigint; driverData: number | bigint }>({ dataType: () => "integer" });
const sqliteThings = sqlite.sqliteTable(
  "things",
  {
    id: sqlite.integer().primaryKey(),
    big: bigs().notNull().unique(),
    float: sqlite.real().notNull(),
    isOn: sqlite.integer({ mode: "boolean" }).notNull(),
    at: sqlite.integer({ mode: "timestamp_ms" }).notNull(),
    name: sqlite.text().notNull(),
    folded: sqlite
      .customType<{ data: string }>({ dataType: () => "text collate nocase" })()
      .notNull(),
    bytes: sqlite.blob({ mode: "buffer" }).notNull(),
    shelf: sqlite.integer().notNull(),
    place: sqlite.integer().notNull(),
  },
  (table) => [sqlite.unique().on(table.shelf, table.place)],
);
const sqliteLinks = sqlite.sqliteTable(
  "links",
  { from: sqlite.integer().notNull(), to: sqlite.integer().notNull() },
  (table) => [sqlite.primaryKey({ columns: [table.from, table.to] })],
);
const sqliteSchema = { things: sqliteThings, links: sqliteLinks };

const bytes = mysql.customType<{ data: Buffer }>({ dataType: () => "varbinary(16)" });
const mysqlThings = mysql.mysqlTable(
  "things",
  {
    id: mysql.int().primaryKey().autoincrement(),
    big: mysql.bigint({ mode: "bigint" }).notNull().unique(),
    unsigned: mysql.bigint({ mode: "bigint", unsigned: true }).notNull(),
    exact: mysql.decimal({ precision: 30, scale: 12 }).notNull(),
    float: mysql.double().notNull(),
    single: mysql.float().notNull(),
    isOn: mysql.boolean().notNull(),
    at: mysql.timestamp({ fsp: 6 }).notNull(),
    day: mysql.date({ mode: "string" }).notNull(),
    hour: mysql.time({ fsp: 3 }).notNull(),
    moment: mysql.datetime({ mode: "string", fsp: 6 }).notNull(),
    mood: mysql.mysqlEnum(["low", "even", "high"]).notNull(),
    name: mysql.varchar({ length: 50 }).notNull(),
    letters: mysql.text().notNull(),
    bytes: bytes().notNull(),
    shelf: mysql.int().notNull(),
    place: mysql.int().notNull(),
  },
  (table) => [mysql.unique("things_by_place").on(table.shelf, table.place)],
);
const mysqlLinks = mysql.mysqlTable("links", { from: mysql.int().notNull(), to: mysql.int().notNull() }, (table) => [
  mysql.primaryKey({ columns: [table.from, table.to] }),
]);
const mysqlSchema = { things: mysqlThings, links: mysqlLinks };

const names = ["a", "B", "ä", "", "\n\\'\"", "A", "b", "👍"];
const common = (i: number) => ({
  id: i,
  big: 9_007_199_254_740_990n + BigInt(i),
  float: 0.1 * (i % 5),
  isOn: i % 2 === 0,
  at: new Date(Date.UTC(2026, 0, 1, 10) + (i % 3)),
  name: names[i % names.length],
  bytes: Buffer.from([i % 7, 255, 0]),
  shelf: i % 3,
  place: i,
});

function paginates({ open, schema, things, links, row, orders, impossible }: Case): void {
  let driver: Driver;
  let connection: DatabaseConnection;
  let db: Db;
  const table = schema.things as typeof sqliteThings;
  const linked = schema.links as typeof sqliteLinks;

  beforeAll(async () => {
    driver = await open();
    await createTables(driver, schema);
    connection = await driver.connect();
    await connection.begin("write");
    db = connection.db as Db;
    // Not in the order of their keys.
    for (let i = 1; i <= 23; i++) await db.insert(table).values(row(((i * 7) % 23) + 1) as never);
    for (let i = 1; i <= 10; i++) await db.insert(linked).values({ from: i % 3, to: i });
  });
  afterAll(async () => {
    await connection?.rollback();
    connection?.release();
    await driver?.close();
  });

  const all = async <Row>(page: (options: PaginationOptions) => Promise<PaginationResult<Row>>, numItems: number) =>
    (await everyPage(page, numItems)).flat();
  const ids = (rows: readonly { id: number }[]) => rows.map(({ id }) => id);

  test.each(Object.entries(orders))("orders by %s", async (_, orderBy) => {
    const expected = ids(
      await db
        .select()
        .from(table)
        .orderBy(...(orderBy as [])),
    );
    expect(expected).toHaveLength(23);
    for (const numItems of [1, 4]) {
      const rows = await all((pagination) => paginate(db.select().from(table), { orderBy }, pagination), numItems);
      expect(ids(rows)).toEqual(expected);
    }
  });

  test("orders by columns that are unique together, and by a primary key of several columns", async () => {
    const shelves = { orderBy: [desc(things.shelf as Column), things.place as Column] };
    const rows = await all((pagination) => paginate(db.select().from(table), shelves, pagination), 4);
    expect(rows.map(({ shelf }) => shelf)).toEqual([...rows.map(({ shelf }) => shelf)].sort().reverse());
    expect(rows).toHaveLength(23);
    const towards = { orderBy: [links.to as Column, links.from as Column] };
    const found = await all((pagination) => paginate(db.select().from(linked), towards, pagination), 3);
    expect(found.map(({ to }) => to)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await expect(
      paginate(db.select().from(table), { orderBy: things.shelf as Column }, { cursor: null, numItems: 1 }),
    ).rejects.toThrow("not unique");
  });

  test("keeps to what the select asks for, and a page with an end holds all rows up to it", async () => {
    const page = (pagination: PaginationOptions) =>
      paginate(
        db.select({ id: table.id }).from(table).where(eq(table.isOn, true)),
        { orderBy: desc(table.id) },
        pagination,
      );
    const first = await page({ cursor: null, numItems: 2 });
    const second = await page({ cursor: first.continueCursor, numItems: 3 });
    expect([first.page, second.page].map(ids)).toEqual([
      [22, 20],
      [18, 16, 14],
    ]);
    expect(first.page[0]).toEqual({ id: 22 });
    const pinned = await page({ cursor: first.continueCursor, endCursor: second.continueCursor, numItems: 1 });
    expect(pinned).toEqual(second);
  });

  test("joined tables keep their names", async () => {
    const joined = db.select().from(table).innerJoin(linked, eq(linked.to, table.id));
    const { page } = await paginate(joined, { orderBy: asc(table.id) }, { cursor: null, numItems: 1 });
    expect(page).toMatchObject([{ things: { id: 1 }, links: { from: 1, to: 1 } }]);
  });

  test("refuses a cursor whose values no row can have", async () => {
    const [orderBy] = Object.values(orders) as [OrderTerm[]];
    const page = (cursor: string | null) => paginate(db.select().from(table), { orderBy }, { cursor, numItems: 1 });
    const { continueCursor } = await page(null);
    const [order] = JSON.parse(Buffer.from(continueCursor, "base64url").toString()) as [string];
    expect(readCursor(continueCursor, order, orderBy.length)).toHaveLength(orderBy.length);
    for (const values of impossible) {
      await expect(page(writeCursor(order, values))).rejects.toThrow(InvalidCursorError);
    }
  });
}

describe("paginate on SQLite", () =>
  paginates({
    open: () => openTemporaryDatabase({ schema: sqliteSchema }),
    schema: sqliteSchema,
    things: sqliteThings as never,
    links: sqliteLinks as never,
    row: (i) => ({ ...common(i), folded: names[i % names.length] }),
    orders: {
      "moments, and keys": [sqliteThings.at, desc(sqliteThings.id)],
      "integers of 64 bits": [sqliteThings.big],
      "floating point numbers": [desc(sqliteThings.float), sqliteThings.id],
      booleans: [desc(sqliteThings.isOn), asc(sqliteThings.id)],
      texts: [desc(sqliteThings.name), sqliteThings.isOn, desc(sqliteThings.id)],
      "texts whose case does not count": [sqliteThings.folded, sqliteThings.id],
      bytes: [desc(sqliteThings.bytes), sqliteThings.id],
    },
    impossible: [
      [null, 1],
      [{ a: 1 }, 1],
      [[], 1],
      [undefined, 1],
      [1, Number.NaN],
      [1, 2n ** 63n],
      [new Date(0), 1],
      [new Map(), 1],
    ],
  }));

await describeWithMysql("paginate on MySQL or MariaDB", ({ url }) =>
  paginates({
    open: () => openMysql({ url, schema: mysqlSchema, log: new HandClock().log }),
    schema: mysqlSchema,
    things: mysqlThings as never,
    links: mysqlLinks as never,
    row: (i) => ({
      ...common(i),
      unsigned: 2n ** 64n - 1n - BigInt(i % 4),
      exact: `${i % 4}.000000000001`,
      single: 0.1 * (i % 5),
      day: `2026-0${1 + (i % 9)}-28`,
      hour: `${10 + (i % 4)}:00:00.00${i % 2}`,
      moment: `2026-01-01 10:00:00.00000${i % 6}`,
      mood: (["low", "even", "high"] as const)[i % 3],
      letters: names[i % names.length],
    }),
    orders: {
      "moments, and keys": [mysqlThings.at, desc(mysqlThings.id)],
      "integers of 64 bits": [mysqlThings.big],
      "integers without a sign": [desc(mysqlThings.unsigned), mysqlThings.id],
      decimals: [desc(mysqlThings.exact), mysqlThings.id],
      "floating point numbers": [desc(mysqlThings.float), mysqlThings.id],
      "floating point numbers of 32 bits": [mysqlThings.single, desc(mysqlThings.id)],
      booleans: [desc(mysqlThings.isOn), asc(mysqlThings.id)],
      "dates that are text": [asc(mysqlThings.day), desc(mysqlThings.id)],
      times: [mysqlThings.hour, mysqlThings.id],
      microseconds: [desc(mysqlThings.moment), mysqlThings.id],
      enums: [mysqlThings.mood, mysqlThings.id],
      "texts whose case does not count": [desc(mysqlThings.name), mysqlThings.isOn, desc(mysqlThings.id)],
      "long texts": [mysqlThings.letters, mysqlThings.id],
      bytes: [desc(mysqlThings.bytes), mysqlThings.id],
    },
    impossible: [
      ["some day", "1"],
      ["2026-01-01 00:00:00", "1; drop table things"],
      ["2026-01-01 00:00:00", 1],
      [null, "1"],
      [{ a: 1 }, null],
      [["2026-01-01 00:00:00"], "1"],
      [undefined, "1"],
      ["2026-01-01 00:00:00", undefined],
    ],
  }),
);
