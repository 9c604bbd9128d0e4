import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { DatabaseConnection, Dialect, Driver, TransactionMode } from "../../../../lib/database/driver/driver.ts";
import { inTransaction } from "../../../../lib/database/internal/database-lock.ts";
import type { DriverInUse } from "./driver-in-use.ts";

const insert = "insert into things (id, name) values (1, 'smuggled')";

/** A statement that leaves something in its session, and one that shows what is there. */
interface Leftover {
  leave: string;
  look: string;
  modes?: readonly TransactionMode[];
}

interface Mischief {
  /** Statements with which a function could end the transaction, or write after its end. */
  endings: readonly string[];
  /** Statements that write a file, on servers whose user may. */
  files(path: string): readonly string[];
  leftovers: readonly Leftover[];
}

const setting = (name: string): string => `select coalesce(current_setting('${name}', true), '') as value`;

const mischief: Readonly<Record<Dialect, Mischief>> = {
  pg: {
    endings: [
      ...["commit", "rollback", "end", "abort work", "/* a query */ commit", "commit and chain", "rollback and chain"],
      ...["prepare transaction 'later'", `commit; ${insert}`, `rollback; ${insert}`, `commit; begin; ${insert}`],
      `; commit; ${insert}; commit; begin`,
    ],
    files: (path) => [`copy (select 1) to '${path}'`, `/* /* */ */ copy (select 1) to '${path}'`],
    leftovers: [
      { leave: "select set_config('app.user', 'alice', false)", look: setting("app.user") },
      { leave: "set role pg_monitor", look: "select current_user as value" },
      { leave: "set session authorization pg_monitor", look: "select session_user as value" },
      { leave: "set search_path to nowhere", look: setting("search_path") },
      { leave: "set timezone to 'Asia/Tokyo'", look: setting("timezone") },
      { leave: "set session characteristics as transaction read only", look: setting("default_transaction_read_only") },
      { leave: "create temp table aside (id int)", look: "select to_regclass('aside') as value", modes: ["write"] },
      { leave: "listen news", look: "select count(*) as value from pg_listening_channels()" },
      {
        leave: "prepare mine as select 1",
        look: "select count(*) as value from pg_prepared_statements where from_sql",
      },
      { leave: "declare mine cursor with hold for select 1", look: "select count(*) as value from pg_cursors" },
      {
        leave: "select pg_advisory_lock(4711)",
        look: "select count(*) as value from pg_locks where locktype = 'advisory' and objid = 4711",
      },
    ],
  },
  sqlite: {
    endings: ["commit", "rollback", "end", "/* a query */ commit", `commit; ${insert}`],
    files: (path) => [`vacuum into '${path}'`, "commit", `vacuum into '${path}'`],
    leftovers: [
      { leave: "pragma case_sensitive_like = on", look: "select 'a' like 'A' as value" },
      { leave: "/* mine */ pragma case_sensitive_like = on", look: "select 'a' like 'A' as value" },
      { leave: "create temp table aside (id int)", look: "select count(*) as value from temp.sqlite_schema" },
      { leave: "attach ':memory:' as aside", look: "select count(*) as value from pragma_database_list" },
    ],
  },
  mysql: {
    endings: ["commit", "rollback", "/* a query */ commit", "commit and chain", `commit; ${insert}`],
    files: (path) => [`select 1 into outfile '${path}'`, `select 1 into/**/dumpfile '${path}'`],
    leftovers: [
      { leave: "set @tenant = 'alice'", look: "select @tenant as value" },
      { leave: "select 'alice' into @tenant", look: "select @tenant as value" },
      { leave: "use information_schema", look: "select database() as value" },
      { leave: "set time_zone = '+05:00'", look: "select @@time_zone as value" },
      { leave: "select get_lock('mine', 0)", look: "select is_free_lock('mine') as value" },
    ],
  },
};

/** What the driver promises of what a function's own SQL does beside reading and writing rows. */
export function nothingIsLeftBehind(use: DriverInUse): void {
  const { dialect } = use.subject;
  const { endings, files, leftovers } = mischief[dialect];
  const say = (connection: DatabaseConnection, statement: string) => use.words.ownSql(connection.db, statement);

  describe("a query", () => {
    test.each(endings)("cannot write by ending its transaction: %s", async (ending) => {
      const connection = await use.begin("read");
      await expect(say(connection, ending)).rejects.toThrow();
      await expect(say(connection, insert)).rejects.toThrow();
      await connection.rollback();
      connection.release();
      expect(await use.names()).toEqual([]);
    });

    test("cannot write a file on the database's machine", async () => {
      const path = join(tmpdir(), `convex-lite-${process.pid}-${process.hrtime.bigint()}`);
      const connection = await use.begin("read");
      for (const statement of files(path)) await expect(say(connection, statement)).rejects.toThrow();
      await connection.rollback();
      connection.release();
      expect(existsSync(path)).toBe(false);
    });

    test("leaves its snapshot to the next one, unless its statements would be noticed there", async () => {
      const connection = await use.begin("read");
      expect(connection.isSpent).toBe(false);
      await say(connection, "select 1");
      expect(connection.isSpent).toBe(false);
      await say(connection, leftovers[0]?.leave ?? "");
      expect(connection.isSpent).toBe(true);
      await connection.rollback();
      await connection.begin("read");
      expect(connection.isSpent).toBe(false);
      await connection.rollback();
      connection.release();
    });
  });

  describe("a function that ends its transaction", () => {
    const ending = dialect === "mysql" ? "call ends()" : "commit";

    test("gets an error, and no statement after it is sent", async () => {
      if (dialect === "mysql")
        await use.run("define", "drop procedure if exists ends", "create procedure ends() commit");
      const connection = await use.begin("write");
      const mustNot = { message: expect.stringContaining("must not run commit or rollback itself") };
      await expect(say(connection, ending)).rejects.toMatchObject({ cause: mustNot });
      await expect(say(connection, insert)).rejects.toMatchObject({ cause: mustNot });
      await expect(connection.commit()).rejects.toMatchObject(mustNot);
      await connection.rollback();
      connection.release();
      expect(await use.names()).toEqual([]);
    });
  });

  describe("what a function has set does not reach the next one", () => {
    const cases = leftovers.flatMap(({ modes = ["write", "read"], ...each }) =>
      modes.map((mode) => ({ ...each, mode })),
    );
    test.each(cases)("$leave ($mode)", async ({ leave, look, mode }) => {
      // One connection, so that the next transaction has the one of the function before it.
      const driver = await use.subject.open({ schema: {}, connections: 1 });
      try {
        const before = await seen(driver, mode, look);
        for (let time = 0; time < 2; time++) {
          await inTransaction(driver, mode, (connection) => say(connection, leave));
          expect(await seen(driver, mode, look)).toEqual(before);
        }
      } finally {
        await driver.close();
      }
    });
  });
}

function seen(driver: Driver, mode: TransactionMode, look: string): Promise<unknown> {
  return inTransaction(driver, mode, (connection) => connection.execute(look));
}
