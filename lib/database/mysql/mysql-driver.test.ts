import { relations } from "drizzle-orm";
import { int, type MySqlDatabase, mysqlTable } from "drizzle-orm/mysql-core";
import { createConnection } from "mysql2/promise";
import { describe, expect, test } from "vitest";
import { behavesAsDriver } from "../../../tests/support/databases/behaves-as-driver.ts";
import { describeWithMysql } from "../../../tests/support/databases/with-mysql.ts";
import type { DatabaseConnection, Driver } from "../driver/driver.ts";
import { inTransaction } from "../internal/database-lock.ts";
import { openMysql } from "./mysql-driver.ts";
import { firstStatements } from "./session-settings.ts";

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

  test("db.query loads related rows on MySQL; on MariaDB the error says what to do instead", async () => {
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

  test("a network error of the function's own call does not count as a lost connection", async () => {
    const driver = await openMysql({ url: server.url, schema: {}, log });
    const elsewhere = new TypeError("fetch failed", {
      cause: Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }),
    });
    expect(driver.classify(elsewhere)).toBe("other");
    await driver.close();
  });

  describe("a statement that would commit a part of the transaction is not sent:", () => {
    const write = async (driver: Driver, then: (connection: DatabaseConnection) => Promise<unknown>) =>
      inTransaction(driver, "write", async (connection) => {
        await connection.change("insert into kept values (1)");
        await then(connection);
      });
    const kept = (driver: Driver) =>
      inTransaction(driver, "read", (connection) => connection.execute("select id from kept"));
    const withKept = async (work: (driver: Driver) => Promise<void>): Promise<void> => {
      // One connection, so that the next transaction uses the connection of the one before it.
      const driver = await openMysql({ url: server.url, schema: {}, log, connections: 1 });
      await inTransaction(driver, "define", async (connection) => {
        await connection.execute("drop table if exists kept");
        await connection.execute("create table kept (id int)");
      });
      await work(driver).finally(() => driver.close());
    };

    test.each([
      ...["begin", "start transaction read write", "begin work", "commit", "rollback", "rollback work", "xa start 'x'"],
      ...["set autocommit = 1", "SET @@session.autocommit=0", "set @x = 1, autocommit = 1"],
      ...["create table kept (id int)", "create table other (id int)", "create index i on kept (id)"],
      ...["create or replace view v as select 1", "alter table kept add more int", "drop table nothing"],
      ...[
        "rename table kept to lost",
        "truncate kept",
        "truncate table nothing",
        "create user stranger",
        "set password = ''",
      ],
      ...["grant select on kept to stranger", "revoke select on kept from stranger", "flush tables", "reset master"],
      ...["lock tables kept write", "unlock tables", "analyze table kept", "optimize table kept", "repair table kept"],
      ...["check table kept", "analyze local table kept", "cache index kept in hot", "load index into cache kept"],
      ...["install plugin x soname 'x'", "uninstall plugin x", "start slave", "stop replica", "change master to x = 1"],
      ...["  \n\tTruncate\nkept", "/* a */ /* b */truncate kept", "-- select\ntruncate kept", "--\ntruncate kept"],
      ...[
        "# select\n#\n truncate kept",
        "-- \u2028select\ntruncate kept",
        "create /* temporary */ table other (id int)",
      ],
      ...["/*! truncate kept */", "/*!40000 truncate kept */", "/*M! truncate kept */", "drop /*! table */ kept"],
      ...["set statement lock_wait_timeout = 1 for truncate kept"],
    ])("%j", (statement) =>
      withKept(async (driver) => {
        const caught = write(driver, (connection) => connection.execute(statement).catch(() => {}));
        await expect(caught).rejects.toThrow("rolled back instead of committing");
        const written = write(driver, (connection) => connection.execute(statement));
        await expect(written).rejects.toThrow(/^A function has its transaction already, and ".+" would commit/);
        expect(await kept(driver)).toEqual([]);
        await write(driver, async () => {});
        expect(await kept(driver)).toEqual([{ id: 1 }]);
      }),
    );

    test.each(["multipleStatements=true", "flags=MULTI_STATEMENTS"])(
      "nor after another statement in the same text: ?%s is refused",
      async (parameter) => {
        const asked = openMysql({ url: `${server.url}?${parameter}`, schema: {}, log });
        await expect(asked).rejects.toThrow("has several statements sent as one");
      },
    );

    test("a statement that commits nothing is sent", () =>
      withKept(async (driver) => {
        const harmless = [
          ...["create temporary table aside (id int)", "insert into aside values (7)", "drop temporary table aside"],
          ...["savepoint here", "insert into kept values (2)", "rollback to savepoint here", "rollback to here"],
          ...["release savepoint here", "set @x = 1", "select 'truncate'", "(select 1)", "/* commit */ select 1"],
        ];
        await write(driver, async (connection) => {
          for (const statement of harmless) await connection.execute(statement);
          await (connection.db as MySqlDatabase<never, never>).transaction((nested) =>
            nested.execute("insert into kept values (3)"),
          );
          const failing = (connection.db as MySqlDatabase<never, never>).transaction(async (nested) => {
            await nested.execute("insert into kept values (4)");
            await nested.execute("truncate kept");
          });
          await expect(failing).rejects.toMatchObject({ cause: { message: expect.stringContaining("would commit") } });
        });
        expect(await kept(driver)).toEqual([{ id: 1 }, { id: 3 }]);
      }));

    test.each([
      ["answers nothing", "begin commit; end"],
      ["answers rows", "begin commit; select 1; end"],
      ["fails", "begin commit; signal sqlstate '45000'; end"],
      ["turns autocommit off", "begin set autocommit = 0; select 1; end"],
    ])("after a procedure that commits and %s, no statement is sent, and its connection is closed", (_, body) =>
      withKept(async (driver) => {
        await inTransaction(driver, "define", async (connection) => {
          await connection.execute("drop procedure if exists meddle");
          await connection.execute(`create procedure meddle() ${body}`);
        });
        const idOf = async (connection: DatabaseConnection): Promise<unknown> =>
          (await connection.execute("select connection_id() as id"))[0]?.id;
        let before: unknown;
        const meddling = inTransaction(driver, "write", async (connection) => {
          before = await idOf(connection);
          await connection.execute("call meddle()").catch(() => {});
          await connection.execute("insert into kept values (2)").catch(() => {});
        });
        await expect(meddling).rejects.toThrow("The transaction was over before it was committed");
        expect(await kept(driver)).toEqual([]);
        expect(await inTransaction(driver, "read", idOf)).not.toBe(before);
      }),
    );
  });

  test("a connection has the settings on which values in statements rely, whatever the server's own are", async () => {
    const shown =
      "select @@sql_mode as mode, @@time_zone as zone, @@completion_type as ends, @@sql_select_limit as rows_at_most, " +
      "@@character_set_results as results, @@character_set_client as sent, @@collation_connection as collation, " +
      "@@foreign_key_checks as checks, @@autocommit as auto, 1 / 3 as third, date_format('2026-03-01', '%M') as month, " +
      "week('2026-01-04') as week, length(repeat('ä', 2)) as bytes, 'a' || 'b' as both_true, @@group_concat_max_len as joined";
    const driver = await openMysql({ url: server.url, schema: {}, log });
    const [usual] = await inTransaction(driver, "read", (connection) => connection.execute(shown));
    await driver.close();
    expect(usual).toMatchObject({ zone: "+00:00", third: "0.3333", month: "March", joined: 1_048_576 });
    const modes = String(usual?.mode)
      .split(",")
      .filter((mode) => mode !== "ONLY_FULL_GROUP_BY");
    expect(new Set(modes)).toEqual(
      new Set(["STRICT_ALL_TABLES", "STRICT_TRANS_TABLES", "ERROR_FOR_DIVISION_BY_ZERO", "NO_ENGINE_SUBSTITUTION"]),
    );
    // As a server's settings and its `init_connect` can leave a new connection.
    const foreign = await createConnection({ uri: server.url, supportBigNumbers: true });
    const groups = modes.length < String(usual?.mode).split(",").length ? ",ONLY_FULL_GROUP_BY" : "";
    await foreign.query(
      `set sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH', time_zone = '+05:00', completion_type = 1, ` +
        "sql_select_limit = 1, div_precision_increment = 9, lc_time_names = 'de_DE', default_week_format = 3, " +
        "foreign_key_checks = 0, group_concat_max_len = 16, names latin1",
    );
    await foreign.query(`set sql_mode = concat(replace(@@sql_mode, 'ONLY_FULL_GROUP_BY', ''), '${groups}')`);
    for (const statement of firstStatements) await foreign.query(statement);
    const [rows] = await foreign.query(shown);
    expect((rows as unknown[])[0]).toEqual(usual);
    await foreign.end();
  });
});

function through(address: string, port: number | undefined): string {
  const url = new URL(address);
  if (port !== undefined) url.host = `127.0.0.1:${port}`;
  return url.href;
}
