import * as pg from "drizzle-orm/pg-core";
import { expect, test } from "vitest";
import { inTransaction } from "../../../../lib/database/internal/database-lock.ts";
import type { Database } from "../../../../lib/functions/context.ts";
import type { DriverInUse } from "./driver-in-use.ts";

/** Settings that an administrator may have made, by which values look different. */
const foreign = [
  ...["timezone = 'Asia/Tokyo'", "datestyle = 'German, DMY'", "intervalstyle = 'iso_8601'", "bytea_output = 'escape'"],
  ...["extra_float_digits = -15", "standard_conforming_strings = off", "array_nulls = off", "xmlbinary = 'hex'"],
  ...["transform_null_equals = on", "lc_monetary = 'C.UTF-8'", "lc_numeric = 'C.UTF-8'", "lc_time = 'C.UTF-8'"],
];

const samples = pg.pgTable("samples", {
  id: pg.integer().primaryKey(),
  made: pg.timestamp().notNull().defaultNow(),
  at: pg.timestamp({ withTimezone: true }).notNull().defaultNow(),
  day: pg.date({ mode: "date" }).notNull().defaultNow(),
  span: pg.interval().notNull().default("1 day 02:03:04"),
  float: pg.doublePrecision().notNull(),
  list: pg.text().array().notNull(),
  amount: pg.numeric().notNull(),
});
type Db = Database<{ samples: typeof samples }>;

const create =
  "create table samples (id int primary key, made timestamp not null default now(), at timestamptz not null default now(), " +
  "day date not null default now(), span interval not null default '1 day 02:03:04', float float8 not null, list text[] not null, amount numeric not null)";

const looks =
  `select '\\xff'::bytea::text as bytes, 'a\\tb' as escaped, (null = null) is null as unknown, '{NULL}'::text[] as nulls, ` +
  `'04/03/2026'::date::text as day, 1234.5::money::text as money, '1 day'::interval::text as span, ` +
  `xmlelement(name b, '\\xff'::bytea)::text as xml, current_setting('client_encoding') as encoding`;

/** What PostgreSQL's drivers promise whatever settings the server, the database and the user have. */
export function valuesAreOurs(use: DriverInUse): void {
  if (use.subject.dialect !== "pg" || !use.subject.reopens) return;

  test("values mean the same, whatever settings the database has", async () => {
    await use.run("define", "drop table if exists samples", create);
    await setDatabase(
      use,
      foreign.map((each) => `set ${each}`),
    );
    const driver = await use.subject.open({ schema: { samples } });
    try {
      const before = Date.now();
      const row = { id: 1, float: 0.1 + 0.2, list: ["a", "NULL", "b\\c"], amount: "12.3400" };
      const [written] = await inTransaction(driver, "write", (connection) =>
        (connection.db as Db).insert(samples).values(row).returning(),
      );
      expect(written).toMatchObject({ ...row, span: "1 day 02:03:04" });
      for (const time of [written?.made, written?.at]) {
        // The clocks of two machines may differ, but not by hours.
        expect(Math.abs(Number(time) - before)).toBeLessThan(10 * 60_000);
      }
      expect(written?.day.toISOString().slice(0, 10)).toBe(written?.at.toISOString().slice(0, 10));
      const shown = await inTransaction(driver, "read", (connection) => use.words.ownSql(connection.db, looks));
      expect(shown).toEqual([
        {
          ...{ bytes: "\\xff", escaped: "a\\tb", unknown: true, nulls: [null], day: "2026-04-03" },
          ...{ money: "$1,234.50", span: "1 day", encoding: "UTF8", xml: "<b>/w==</b>" },
        },
      ]);
    } finally {
      await setDatabase(use, ["reset all"]);
      await driver.close();
    }
  });
}

function setDatabase(use: DriverInUse, changes: readonly string[]): Promise<void> {
  return use.run(
    "define",
    ...changes.map(
      (change) =>
        `do $do$ begin execute format('alter database %I', current_database()) || $set$ ${change}$set$; end $do$`,
    ),
  );
}
