import { eq, sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { inTransaction } from "../../../../lib/database/internal/database-lock.ts";
import type { DriverInUse } from "./driver-in-use.ts";
import type { ThingsDb } from "./things.ts";

/** What the driver promises of one transaction. */
export function transactionsHold(use: DriverInUse): void {
  describe("a transaction", () => {
    commitsOrRollsBack(use);
    rollsBackNestedOnes(use);
    waitsForNestedOnes(use);
    runsStatements(use);
    refusesAndFails(use);
    isFollowed(use);
  });
}

function commitsOrRollsBack(use: DriverInUse): void {
  const { things, words } = use;

  test("that commits is seen by the next one, with rows typed by the schema", async () => {
    const connection = await use.begin("write");
    await use.db(connection).insert(things).values({ id: 1, name: "one" });
    await connection.commit();
    connection.release();
    const found = await inTransaction(use.driver, "read", (each) =>
      use.db(each).query.things.findMany({ where: (things, { eq }) => eq(things.id, 1) }),
    );
    expect(found).toMatchObject([{ id: 1, name: "one", big: null }]);
  });

  test("that is rolled back leaves nothing", async () => {
    const connection = await use.begin("write");
    await use.db(connection).insert(things).values({ id: 1, name: "one" });
    await connection.rollback();
    connection.release();
    expect(await use.names()).toEqual([]);
  });

  test("sees what it wrote, by every kind of query", async () => {
    const connection = await use.begin("write");
    const db = use.db(connection);
    await db.insert(things).values([
      { id: 1, name: "one" },
      { id: 2, name: "two" },
    ]);
    await db.update(things).set({ name: "first" }).where(eq(things.id, 1));
    await db.delete(things).where(eq(things.id, 2));
    expect(await db.select({ name: things.name }).from(things)).toEqual([{ name: "first" }]);
    expect(await db.query.things.findFirst({ columns: { name: true } })).toEqual({ name: "first" });
    expect(await db.$count(things)).toBe(1);
    expect(await words.ownSql(db, "select name, id from things")).toEqual([{ name: "first", id: 1 }]);
    expect(await connection.change("update things set name = $2 where id = $1", [1, "renamed"])).toBe(1);
    expect(await connection.change("update things set name = $2 where id = $1", [9, "missing"])).toBe(0);
    await connection.commit();
    connection.release();
    expect(await use.names()).toEqual(["renamed"]);
  });
}

function rollsBackNestedOnes(use: DriverInUse): void {
  const { things } = use;

  test("loses only the writes of a nested one that throws", async () => {
    const connection = await use.begin("write");
    const db = use.db(connection);
    await db.insert(things).values({ id: 1, name: "outer" });
    const nested = db.transaction(async (inner) => {
      await inner.insert(things).values({ id: 2, name: "inner" });
      throw new Error("changed my mind");
    });
    await expect(nested).rejects.toThrow("changed my mind");
    await db.transaction((inner) => inner.insert(things).values({ id: 3, name: "kept" }));
    await connection.commit();
    connection.release();
    expect(await use.names()).toEqual(["outer", "kept"]);
  });

  test("may have several levels of nested ones, and each rolls back to where it began", async () => {
    const connection = await use.begin("write");
    const deep = use.db(connection).transaction(async (outer) => {
      await outer.insert(things).values({ id: 1, name: "outer" });
      await outer
        .transaction(async (inner) => {
          await inner.insert(things).values({ id: 2, name: "inner" });
          await inner.transaction((innermost) => innermost.insert(things).values({ id: 3, name: "innermost" }));
          throw new Error("not that deep");
        })
        .catch(() => {});
      await outer.insert(things).values({ id: 4, name: "after" });
    });
    await deep;
    await connection.commit();
    connection.release();
    expect(await use.names()).toEqual(["outer", "after"]);
  });

  test("commits the rest when the error of a nested one is caught", async () => {
    const connection = await use.begin("write");
    const db = use.db(connection);
    await db.insert(things).values({ id: 1, name: "outer" });
    await db.transaction((inner) => inner.insert(things).values({ id: 1, name: "twice" })).catch(() => {});
    await connection.commit();
    connection.release();
    expect(await use.names()).toEqual(["outer"]);
  });

  test("rolls back a nested one in which a statement failed, even if the error was caught there", async () => {
    const connection = await use.begin("write");
    const db = use.db(connection);
    await db.insert(things).values({ id: 1, name: "outer" });
    const nested = db.transaction(async (inner) => {
      await inner.insert(things).values({ id: 2, name: "inner" });
      await inner
        .insert(things)
        .values({ id: 1 })
        .catch(() => {});
    });
    await expect(nested).rejects.toThrow();
    await connection.commit();
    connection.release();
    expect(await use.names()).toEqual(["outer"]);
  });
}

function waitsForNestedOnes(use: DriverInUse): void {
  const { things } = use;

  test("keeps what was started beside a nested one that fails", async () => {
    const connection = await use.begin("write");
    const db = use.db(connection);
    const add = (into: typeof db, id: number) => into.insert(things).values({ id, name: `n${id}` });
    const ends = await Promise.allSettled([
      db.transaction(async (inner) => {
        await add(inner, 1);
        await add(inner, 1);
      }),
      add(db, 2),
      db.transaction(async (inner) => {
        await Promise.all([add(inner, 3), inner.transaction((innermost) => add(innermost, 4)), add(inner, 5)]);
      }),
      add(db, 6),
      // The body uses the outer `db`. The statement still belongs to the nested transaction.
      db.transaction(async () => {
        await add(db, 7);
        throw new Error("changed my mind");
      }),
    ]);
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled", "fulfilled", "rejected"]);
    await connection.commit();
    connection.release();
    expect(await use.names()).toEqual(["n2", "n3", "n4", "n5", "n6"]);
  });

  test("commits a nested one completely, also when the function did not await it", async () => {
    const connection = await use.begin("write");
    const db = use.db(connection);
    void db.transaction(async (inner) => {
      await inner.insert(things).values({ id: 1, name: "one" });
      await inner.insert(things).values({ id: 2, name: "two" });
    });
    await connection.commit();
    connection.release();
    expect(await use.names()).toEqual(["one", "two"]);
  });

  test("rolls back without waiting for a nested one that never ends", async () => {
    const connection = await use.begin("write");
    const db = use.db(connection);
    const started = Promise.withResolvers<void>();
    const endless = db.transaction(async (inner) => {
      await inner.insert(things).values({ id: 1, name: "one" });
      started.resolve();
      await new Promise(() => {});
    });
    const behind = db
      .insert(things)
      .values({ id: 2, name: "two" })
      .catch(() => {});
    await started.promise;
    await connection.rollback();
    connection.release();
    expect(await use.names()).toEqual([]);
    void [endless, behind];
  });
}

function runsStatements(use: DriverInUse): void {
  const { things } = use;

  test("runs statements that are started at the same time one after the other", async () => {
    const connection = await use.begin("write");
    const db = use.db(connection);
    await Promise.all([1, 2, 3].map((id) => db.insert(things).values({ id, name: `n${id}` })));
    await connection.commit();
    connection.release();
    expect(await use.names()).toEqual(["n1", "n2", "n3"]);
  });

  test("runs a statement that is prepared by name, on every connection", async () => {
    for (let id = 1; id <= 4; id++) {
      const connection = await use.begin("write");
      const insert = use
        .db(connection)
        .insert(things)
        .values({ id: sql.placeholder("id") })
        .prepare("insert_thing");
      await insert.execute({ id });
      await connection.commit();
      // Every other time on a new connection, which has not prepared the statement yet.
      if (id % 2 === 0) connection.destroy();
      connection.release();
    }
    expect(await use.names()).toHaveLength(4);
  });
}

function refusesAndFails(use: DriverInUse): void {
  const { things, words } = use;

  test("that reads refuses a write, with a failure of its own kind", async () => {
    const connection = await use.begin("read");
    expect(await use.failureOf(use.db(connection).insert(things).values({ id: 1 }).execute())).toBe("refusedWrite");
    await connection.rollback();
    connection.release();
    const swallowing = await use.begin("read");
    await use
      .db(swallowing)
      .insert(things)
      .values({ id: 1 })
      .execute()
      .catch(() => {});
    expect(await use.failureOf(swallowing.commit())).toBe("refusedWrite");
    await swallowing.rollback();
    swallowing.release();
    expect(await use.names()).toEqual([]);
  });

  test("reports the fault of a statement as neither a conflict nor a loss", async () => {
    await use.write("insert into things (id) values (1)");
    const connection = await use.begin("write");
    expect(await use.failureOf(use.db(connection).insert(things).values({ id: 1 }).execute())).toBe("other");
  });

  test("fails to commit after a statement failed, even if the error was caught", async () => {
    const connection = await use.begin("write");
    await connection.execute("insert into things (id) values (1)");
    await connection.execute("insert into things (id) values (1)").catch(() => {});
    await expect(connection.commit()).rejects.toThrow("rolled back instead of committing");
    await connection.rollback();
    connection.release();
    expect(await use.names()).toEqual([]);
  });

  test("fails to commit when the function has committed by itself", async () => {
    const connection = await use.begin("write");
    // MySQL's driver refuses to send the statement.
    await connection.execute("commit").catch(() => {});
    await expect(connection.commit()).rejects.toThrow(
      /must not run commit or rollback itself|rolled back instead of committing/,
    );
  });

  test.each(["commit", "rollback"] as const)("refuses statements through db after %s", async (end) => {
    const connection = await use.begin("write");
    const db = use.db(connection);
    await connection[end]();
    await expect((async () => db.select().from(things))()).rejects.toThrow(
      "The transaction of this function has ended; await everything before returning.",
    );
    await expect((async () => db.query.things.findFirst())()).rejects.toThrow("has ended");
    await expect((async () => words.ownSql(db, "select 1"))()).rejects.toThrow("has ended");
    await expect((async () => db.transaction(async () => {}))()).rejects.toThrow("has ended");
    connection.release();
  });
}

function isFollowed(use: DriverInUse): void {
  const { things, words } = use;

  test("may follow another one on the same connection", async () => {
    const connection = await use.begin("write");
    await connection.execute("insert into things (id, name) values (1, 'one')");
    await connection.commit();
    await connection.begin("read");
    expect(await connection.execute("select name from things")).toEqual([{ name: "one" }]);
    await connection.rollback();
    await connection.begin("write");
    await connection.execute("insert into things (id, name) values (2, 'two')");
    await connection.commit();
    connection.release();
    expect(await use.names()).toEqual(["one", "two"]);
  });

  test("uses a new schema from the next begin on", async () => {
    await use.write("insert into things (id, name) values (1, 'one')");
    const before = await use.begin("read");
    use.driver.useSchema({ renamed: words.renamed });
    expect(await use.db(before).query.things.findMany({ columns: { name: true } })).toEqual([{ name: "one" }]);
    await before.commit();
    before.release();
    const after = await use.begin("read");
    const { renamed } = (after.db as { query: { renamed: ThingsDb["query"]["things"] } }).query;
    expect(await renamed.findMany()).toEqual([{ id: 1, title: "one" }]);
    await after.commit();
    after.release();
    use.driver.useSchema({ things });
  });

  test("names columns as drizzle-kit's casing says, if the schema does not name them", async () => {
    await use.run("define", "alter table things add column last_mood varchar(20) default 'good'");
    use.driver.useSchema({ things: words.withLastMood }, "snake_case");
    await use.write("insert into things (id) values (1)");
    const found = await inTransaction(use.driver, "read", (connection) => use.db(connection).query.things.findMany());
    expect(found).toEqual([{ id: 1, lastMood: "good" }]);
    use.driver.useSchema({ things });
  });

  test("knows a column that a new schema adds to a table", async () => {
    await inTransaction(use.driver, "read", (connection) => use.db(connection).query.things.findMany());
    await use.run("define", "alter table things add column mood varchar(20) default 'good'");
    use.driver.useSchema({ things: words.withMood });
    await use.write("insert into things (id) values (1)");
    const found = await inTransaction(use.driver, "read", (connection) => use.db(connection).query.things.findMany());
    expect(found).toEqual([{ id: 1, mood: "good" }]);
    use.driver.useSchema({ things });
  });
}
