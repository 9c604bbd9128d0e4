import { describe, expect, test } from "vitest";
import type { DatabaseConnection, Statement } from "../../../../lib/database/driver/driver.ts";
import { inTransaction, withDatabaseLock } from "../../../../lib/database/internal/database-lock.ts";
import { internalSql } from "../../../../lib/database/internal/internal-sql.ts";
import { createInternalTables, readMeta, writeMeta } from "../../../../lib/database/internal/internal-tables.ts";
import { type ClientRecord, clientRecords } from "../../../../lib/engine/client-records/client-record.ts";
import type { DriverInUse } from "./driver-in-use.ts";

const record = {
  identity: "alice",
  lastDecided: 1,
  outcomes: new Map([[1, '{"ok":true,"value":"👍"}']]),
  touched: 1_700_000_000_000,
};

/** What the framework's own tables and their lock promise on every database. */
export function recordsAreKept(use: DriverInUse): void {
  const { own } = internalSql[use.subject.dialect];
  const write = <T>(work: Parameters<typeof inTransaction<T>>[2]) => inTransaction(use.driver, "write", work);
  const advance = (id: string, n: number, record: ClientRecord, touch?: boolean) =>
    use.decide((connection) => clientRecords.advance(connection, id, n, record, touch));
  const forget = () => write((connection) => connection.execute(`delete from ${own("sessions")}`));

  describe("the framework's own tables", () => {
    test("are created once by drivers that start at the same time", async () => {
      const others = use.driver.shared
        ? await Promise.all(Array.from({ length: 4 }, () => use.subject.open({ schema: {} })))
        : [];
      await Promise.all([use.driver, ...others].map(createInternalTables));
      await createInternalTables(use.driver);
      expect(await write((connection) => readMeta(connection, "version"))).toBe("3");
      await Promise.all(others.map((driver) => driver.close()));
    });

    test("hold values by names that differ in upper and lower case", async () => {
      await write(async (connection) => {
        await writeMeta(connection, "fact", "one");
        await writeMeta(connection, "FACT", "another");
        await writeMeta(connection, "fact", "two");
      });
      expect(await write((connection) => readMeta(connection, "fact"))).toBe("two");
      expect(await write((connection) => readMeta(connection, "FACT"))).toBe("another");
      expect(await write((connection) => readMeta(connection, "Fact"))).toBeUndefined();
    });

    test("record a mutation once, and only the next one after it", async () => {
      await forget();
      const next = { ...record, lastDecided: 2 };
      expect(await advance("s", 1, record)).toBe(true);
      expect(await advance("s", 1, record)).toBe(false);
      expect(await advance("s", 3, next)).toBe(false);
      expect(await write((connection) => clientRecords.load(connection, "s"))).toEqual(record);
      expect(await advance("s", 2, next, false)).toBe(true);
      expect(await advance("s", 2, next, false)).toBe(false);
      expect(await write((connection) => clientRecords.isDecided(connection, "s", 2))).toBe(true);
      expect(await write((connection) => clientRecords.isDecided(connection, "s", 3))).toBe(false);
      expect(await advance("S", 1, record)).toBe(true);
      const found = await inTransaction(use.driver, "read", (connection) =>
        clientRecords.lookUp(connection, ["s", "S", "unknown"]),
      );
      expect([...found.keys()].sort()).toEqual(["S", "s"]);
      // A client whose record was deleted does not get a new one by a later mutation.
      for (const touch of [false, true]) {
        expect(await advance("gone", 2, next, touch)).toBe(false);
        expect(await write((connection) => clientRecords.load(connection, "gone"))).toBeUndefined();
      }
      const bob = { ...next, identity: "bob", lastDecided: 3 };
      expect(await advance("s", 3, bob)).toBe(false);
      expect(found.get("s")?.lastDecided).toBe(2);
      expect(await inTransaction(use.driver, "read", (each) => clientRecords.lookUp(each, []))).toEqual(new Map());
    });

    test("keep nothing of a transaction whose mutation was decided before", async () => {
      await forget();
      const insert = (id: number) => (connection: DatabaseConnection) =>
        connection.execute(`insert into things (id, name) values (${id}, 'n${id}')`);
      const first = (connection: DatabaseConnection) => clientRecords.advance(connection, "s", 1, record);
      expect(await use.decide(first, insert(1))).toBe(true);
      expect(await use.decide(first, insert(2))).toBe(false);
      expect(await use.names()).toEqual(["n1"]);
    });

    test("keep nothing of a transaction in which a statement failed, although the deciding statement succeeds", async () => {
      await forget();
      const failing = (connection: DatabaseConnection) =>
        connection.execute("insert into things (id, name) values (1, 'one'), (1, 'two')").catch(() => {});
      const deciding = use.decide((connection) => clientRecords.advance(connection, "s", 1, record), failing);
      await expect(deciding).rejects.toThrow("rolled back instead of committing");
      expect(await write((connection) => clientRecords.load(connection, "s"))).toBeUndefined();
    });

    test("lose the records of clients without a mutation for long", async () => {
      await forget();
      await advance("old", 1, record);
      await advance("new", 1, { ...record, touched: 1_700_000_000_001 });
      await write((connection) => clientRecords.prune(connection, 1_700_000_000_001));
      const found = await write((connection) => clientRecords.lookUp(connection, ["old", "new"]));
      expect([...found.keys()]).toEqual(["new"]);
    });

    test("lose the records of calls that have ended, and those alone", async () => {
      await forget();
      for (const id of ["one", "two", "page"]) await advance(id, 1, record);
      await write((connection) => clientRecords.forget(connection, ["one", "two", "never there"]));
      const found = await write((connection) => clientRecords.lookUp(connection, ["one", "two", "page"]));
      expect([...found.keys()]).toEqual(["page"]);
    });

    test("let one of two transactions decide a mutation, and the other one fails", async () => {
      await forget();
      for (const n of [1, 2]) {
        const decide = () =>
          use
            .decide(
              (connection) => clientRecords.advance(connection, "s", n, { ...record, lastDecided: n }),
              (connection) => connection.execute(`insert into things (id) values (${n})`).catch(() => {}),
            )
            .then(String, use.driver.classify);
        const ends = await Promise.all([decide(), decide()]);
        expect(ends.filter((end) => end === "true")).toHaveLength(1);
      }
      expect(await use.names()).toHaveLength(2);
    });

    if (use.subject.writersConflict) {
      outcomesAreWaitedFor(use, forget);
      clientsKeepOutOfEachOthersWay(use, forget);
    }
    if (use.subject.reopens) happensOnce(use);
  });
}

/** Runs a deciding statement ahead of the COMMIT. */
function run(connection: DatabaseConnection, { sql, params }: Statement): Promise<unknown> {
  return connection.execute(sql, params);
}

function outcomesAreWaitedFor(use: DriverInUse, forget: () => Promise<unknown>): void {
  /** Looks up the mutation as the engine does: in a transaction of its own, and again after a conflict. */
  async function isDecided(n: number): Promise<boolean> {
    for (;;) {
      const connection = await use.begin("write");
      try {
        return await clientRecords.isDecided(connection, "s", n);
      } catch (error) {
        if (use.driver.classify(error) !== "conflict") throw error;
      } finally {
        await connection.rollback();
        connection.release();
      }
    }
  }

  test("answer whether a mutation is decided only when the transaction that decides it has ended", async () => {
    await forget();
    for (const [n, end] of [
      [1, "rollback"],
      [1, "commit"],
      [2, "rollback"],
      [2, "commit"],
    ] as const) {
      const deciding = await use.begin("write");
      await run(deciding, clientRecords.advance(deciding, "s", n, { ...record, lastDecided: n }));
      let answered = false;
      const asking = isDecided(n).finally(() => {
        answered = true;
      });
      // Enough time for an early answer to arrive.
      for (let i = 0; i < 20; i++) await use.names();
      expect(answered).toBe(false);
      await deciding[end]();
      deciding.release();
      expect(await asking).toBe(end === "commit");
    }
  });
}

function clientsKeepOutOfEachOthersWay(use: DriverInUse, forget: () => Promise<unknown>): void {
  test("let mutations of several clients commit without a conflict, also after the database has counted its few rows", async () => {
    await createInternalTables(use.driver);
    await forget();
    const sessions = ["a", "b", "c", "d"];
    const advanceAll = async (n: number): Promise<string[]> => {
      const connections = await Promise.all(sessions.map(() => use.begin("write")));
      const decided = (connection: DatabaseConnection, i: number) =>
        run(connection, clientRecords.advance(connection, sessions[i] ?? "", n, { ...record, lastDecided: n }));
      // All of them read and write before the first commits.
      await Promise.all(connections.map(decided));
      const ends = await Promise.all(connections.map((connection) => use.outcomeOf(connection.commit())));
      for (const connection of connections) connection.release();
      const records = await inTransaction(use.driver, "read", (each) => clientRecords.lookUp(each, sessions));
      expect([...records.values()].map(({ lastDecided }) => lastDecided)).toEqual(sessions.map(() => n));
      return ends;
    };
    expect(await advanceAll(1)).toEqual(sessions.map(() => "committed"));
    const table = internalSql[use.subject.dialect].own("sessions");
    const count = use.subject.dialect === "pg" ? `analyze ${table}` : `analyze table ${table}`;
    await inTransaction(use.driver, "define", (connection) => connection.execute(count));
    for (const n of [2, 3]) expect(await advanceAll(n)).toEqual(sessions.map(() => "committed"));
  });
}

function happensOnce(use: DriverInUse): void {
  test("lock the database for work that only one server may do at a time", async () => {
    const other = await use.subject.open({ schema: {} });
    const order: string[] = [];
    const turn = (name: string) => async () => {
      order.push(`${name} begins`);
      await use.names();
      order.push(`${name} ends`);
    };
    await Promise.all([withDatabaseLock(use.driver, turn("one")), withDatabaseLock(other, turn("two"))]);
    expect(order[0]?.split(" ")[0]).toBe(order[1]?.split(" ")[0]);
    expect(order).toHaveLength(4);
    await other.close();
  });
}
