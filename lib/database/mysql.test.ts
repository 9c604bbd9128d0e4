import { relations } from "drizzle-orm";
import { int, type MySqlDatabase, mysqlTable } from "drizzle-orm/mysql-core";
import { expect, test } from "vitest";
import { inTransaction } from "./alone.ts";
import { behavesAsDriver } from "./behaves-as-driver.ts";
import { openMysql } from "./mysql.ts";
import { describeWithMysql } from "./with-mysql.ts";

const log = { info() {}, warn() {}, error() {} };

await describeWithMysql("MySQL or MariaDB", (server) => {
  behavesAsDriver("MySQL or MariaDB", {
    dialect: "mysql",
    open: ({ port, ...options }) => openMysql({ url: through(server.url, port), log, ...options }),
    cutConnections: () => server.endConnections(),
    port: Number(new URL(server.url).port || 3306),
    writersConflict: true,
    reopens: true,
  });

  test("related rows come along where the server can join them; MariaDB's error says what to do instead", async () => {
    const lists = mysqlTable("lists", { id: int().primaryKey() });
    const items = mysqlTable("items", { id: int().primaryKey(), list: int().notNull() });
    const schema = {
      lists,
      items,
      listRelations: relations(lists, ({ many }) => ({ items: many(items) })),
      itemRelations: relations(items, ({ one }) => ({
        list: one(lists, { fields: [items.list], references: [lists.id] }),
      })),
    };
    const driver = await openMysql({ url: server.url, schema, log });
    await inTransaction(driver, "define", async (connection) => {
      await connection.execute("create table lists (id int primary key)");
      await connection.execute("create table items (id int primary key, list int not null)");
      await connection.execute("insert into lists values (1)");
      await connection.execute("insert into items values (1, 1)");
    });
    const found = inTransaction(driver, "read", (connection) =>
      (connection.db as MySqlDatabase<never, never, typeof schema>).query.lists.findMany({ with: { items: true } }),
    );
    if (driver.description.startsWith("MySQL at ")) {
      expect(await found).toEqual([{ id: 1, items: [{ id: 1, list: 1 }] }]);
    } else {
      expect(driver.description).toMatch(/^MariaDB at /);
      await expect(found).rejects.toMatchObject({ cause: { message: expect.stringContaining("Join the tables") } });
    }
    await driver.close();
  });

  test("a connection keeps to what values in statements rely on, however the server is set", async () => {
    const driver = await openMysql({ url: server.url, schema: {}, log });
    const [row] = await inTransaction(driver, "read", (connection) =>
      connection.execute("select @@session.sql_mode as mode, @@session.time_zone as zone"),
    );
    expect(row?.zone).toBe("+00:00");
    expect(row?.mode).toContain("STRICT_ALL_TABLES");
    expect(row?.mode).not.toMatch(/NO_BACKSLASH_ESCAPES|ANSI_QUOTES/);
    await driver.close();
  });
});

function through(address: string, port: number | undefined): string {
  const url = new URL(address);
  if (port !== undefined) url.host = `127.0.0.1:${port}`;
  return url.href;
}
