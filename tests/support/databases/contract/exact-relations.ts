import { type Column, relations, type Table } from "drizzle-orm";
import * as mysql from "drizzle-orm/mysql-core";
import * as pg from "drizzle-orm/pg-core";
import * as sqlite from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import type { Dialect } from "../../../../lib/database/driver/driver.ts";
import { inTransaction } from "../../../../lib/database/internal/database-lock.ts";
import type { Database } from "../../../../lib/functions/context.ts";
import type { DriverInUse } from "./driver-in-use.ts";

const integer64 = sqlite.customType<{ data: bigint; driverData: number | bigint }>({
  dataType: () => "integer",
  fromDriver: (value) => BigInt(value),
});

/** Accounts with entries, a tree of them, in PostgreSQL's types. */
const pgTables = {
  accounts: pg.pgTable("accounts", { id: pg.bigint({ mode: "bigint" }).primaryKey() }),
  entries: pg.pgTable("entries", {
    id: pg.bigint({ mode: "bigint" }).primaryKey(),
    account: pg.bigint({ mode: "bigint" }).notNull(),
    amount: pg.numeric(),
    parts: pg.bigint({ mode: "bigint" }).array(),
    shares: pg.numeric().array(),
    small: pg.bigint({ mode: "number" }),
    local: pg.timestamp({ mode: "string" }),
    at: pg.timestamp({ withTimezone: true }),
    is: pg.boolean(),
    tree: pg.jsonb(),
  }),
};
const sqliteTables = {
  accounts: sqlite.sqliteTable("accounts", { id: integer64().primaryKey() }),
  entries: sqlite.sqliteTable("entries", {
    id: integer64().primaryKey(),
    account: integer64().notNull(),
    small: sqlite.integer(),
    at: sqlite.integer({ mode: "timestamp_ms" }),
  }),
};
const mysqlTables = {
  accounts: mysql.mysqlTable("accounts", { id: mysql.bigint({ mode: "bigint" }).primaryKey() }),
  entries: mysql.mysqlTable("entries", {
    id: mysql.bigint({ mode: "bigint" }).primaryKey(),
    account: mysql.bigint({ mode: "bigint" }).notNull(),
    amount: mysql.decimal({ precision: 30, scale: 4 }),
    small: mysql.bigint({ mode: "number" }),
  }),
};

const create: Readonly<Record<Dialect, string>> = {
  pg:
    "create table entries (id bigint primary key, account bigint not null, amount numeric, parts bigint[], shares numeric[], " +
    'small bigint, local timestamp, at timestamptz, "is" boolean, tree jsonb)',
  sqlite: "create table entries (id integer primary key, account integer not null, small integer, at integer)",
  mysql: "create table entries (id bigint primary key, account bigint not null, amount decimal(30, 4), small bigint)",
};

function withRelations<T extends { accounts: Table & { id: Column }; entries: Table & { account: Column } }>(
  tables: T,
) {
  const { accounts, entries } = tables;
  return {
    ...tables,
    ofAccounts: relations(accounts, ({ many }) => ({ entries: many(entries) })),
    ofEntries: relations(entries, ({ one }) => ({
      owner: one(accounts, { fields: [entries.account], references: [accounts.id] }),
    })),
  };
}

const schemas = { pg: withRelations(pgTables), sqlite: withRelations(sqliteTables), mysql: withRelations(mysqlTables) };
type Db = Database<typeof schemas.pg>;

/** What the driver promises of related rows: their values are those that a select of the table gives. */
export function relatedRowsAreExact(use: DriverInUse): void {
  const { dialect } = use.subject;
  const schema = schemas[dialect] as typeof schemas.pg;
  const { accounts, entries } = schema;
  const big = 9_007_199_254_740_993n;
  const values = {
    ...{ amount: "12.3400", parts: [big, -big], shares: ["0.10", "9007199254740993.50"], small: 7 },
    ...{ local: "2026-03-01 10:00:00.5", at: new Date("2026-03-01T10:00:00.123Z"), is: true, tree: { half: 0.5 } },
  };

  test("related rows have the values that a select gives, also beyond what JavaScript's numbers hold", async () => {
    const keyOf = dialect === "sqlite" ? "integer" : "bigint";
    await use.run("define", "drop table if exists entries", "drop table if exists accounts");
    await use.run("define", `create table accounts (id ${keyOf} primary key)`, create[dialect]);
    use.driver.useSchema(schema);
    try {
      await inTransaction(use.driver, "write", async (connection) => {
        const db = connection.db as Db;
        await db.insert(accounts).values({ id: big });
        await db.insert(entries).values([
          { id: big + 1n, account: big, ...values },
          { id: 2n, account: big },
        ]);
      });
      const found = inTransaction(use.driver, "read", async (connection) => {
        const db = connection.db as Db;
        const rows = await db.select().from(entries);
        const [account] = await db.query.accounts.findMany({ with: { entries: { with: { owner: true } } } });
        return { rows, account };
      });
      if (use.driver.description.startsWith("MariaDB")) {
        // MariaDB cannot run the statement, which is the one for MySQL.
        const query = expect.stringMatching(/json_array\(cast\(.+ as char\), cast\(/);
        await expect(found).rejects.toMatchObject({ query });
        return;
      }
      const { rows, account } = await found;
      const byId = (all: typeof rows = []) => all.toSorted((a, b) => Number(a.id - b.id));
      expect(byId(account?.entries)).toEqual(byId(rows).map((row) => ({ ...row, owner: { id: big } })));
      expect(byId(rows)[1]).toMatchObject({ id: big + 1n, account: big, small: 7 });
    } finally {
      // biome-ignore lint/correctness/useHookAtTopLevel: the driver is no React
      use.driver.useSchema({ things: use.things });
    }
  });
}
