import { eq, sql } from "drizzle-orm";
import {
  bigint,
  customType,
  integer,
  json,
  jsonb,
  type PgDatabase,
  type PgQueryResultHKT,
  pgTable,
  text,
  timestamp,
} from "drizzle-orm/pg-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { inTransaction } from "./alone.ts";
import { type Connection, ConnectionLostError, type Driver } from "./driver.ts";

/** How the suite gets at one kind of database. */
export interface DriverUnderTest {
  /** Opens the driver on an empty database. */
  open(schema: Record<string, unknown>): Promise<Driver>;
  /** Called after the last test, with the driver closed. */
  remove?(): Promise<void>;
  /** Ends connections of the driver from outside, as a restart of the database does. Resolves when they are gone. */
  cutConnections(driver: Driver): Promise<void>;
  /** Whether transactions run side by side, so that they can conflict. */
  concurrent: boolean;
}

const bytes = customType<{ data: Uint8Array }>({ dataType: () => "bytea" });

const things = pgTable("things", {
  id: integer().primaryKey(),
  name: text(),
  big: bigint({ mode: "bigint" }),
  at: timestamp({ withTimezone: true }),
  raw: bytes(),
  plain: json(),
  tree: jsonb(),
});
const schema = { things };
type Db = PgDatabase<PgQueryResultHKT, typeof schema>;
const dbOf = (connection: Connection): Db => connection.db as Db;

const createThings =
  "create table things (id integer primary key, name text, big bigint, at timestamptz, raw bytea, plain json, tree jsonb)";

/** What the engine may rely on, whatever the database. Runs the suite against one kind of it. */
export function behavesAsDriver(name: string, subject: DriverUnderTest): void {
  describe(`${name} behaves as a driver`, () => {
    let driver: Driver;
    const taken: Connection[] = [];

    const begin = async (mode: "read" | "write"): Promise<Connection> => {
      const connection = await driver.connect();
      taken.push(connection);
      await connection.begin(mode);
      return connection;
    };
    const write = (...statements: string[]): Promise<void> =>
      inTransaction(driver, "write", async (connection) => {
        for (const statement of statements) await connection.execute(statement);
      });
    const names = (): Promise<unknown[]> =>
      inTransaction(driver, "read", async (connection) => {
        return (await connection.execute("select name from things order by id")).map((row) => row.name);
      });
    const failureOf = async (work: Promise<unknown>): Promise<string> => {
      const error = await work.then(
        () => expect.unreachable("it should have failed"),
        (reason: unknown) => reason,
      );
      return driver.classify(error);
    };

    beforeAll(async () => {
      driver = await subject.open(schema);
    }, 60_000);
    beforeEach(() => write("drop table if exists things", createThings));
    afterEach(() => {
      for (const connection of taken.splice(0)) connection.destroy();
    });
    afterAll(async () => {
      await driver?.close();
      await subject.remove?.();
    });

    test("what was committed is there for the next transaction, typed by the schema", async () => {
      const connection = await begin("write");
      await dbOf(connection).insert(things).values({ id: 1, name: "one" });
      await connection.commit();
      connection.release();
      const found = await inTransaction(driver, "read", (each) =>
        dbOf(each).query.things.findMany({ where: eq(things.id, 1) }),
      );
      expect(found).toMatchObject([{ id: 1, name: "one", big: null }]);
    });

    test("what was rolled back leaves nothing", async () => {
      const connection = await begin("write");
      await dbOf(connection).insert(things).values({ id: 1, name: "one" });
      await connection.rollback();
      connection.release();
      expect(await names()).toEqual([]);
    });

    test("a nested transaction that throws takes only its own writes with it", async () => {
      const connection = await begin("write");
      const db = dbOf(connection);
      await db.insert(things).values({ id: 1, name: "outer" });
      const nested = db.transaction(async (inner) => {
        await inner.insert(things).values({ id: 2, name: "inner" });
        throw new Error("changed my mind");
      });
      await expect(nested).rejects.toThrow("changed my mind");
      await db.transaction((inner) => inner.insert(things).values({ id: 3, name: "kept" }));
      await connection.commit();
      connection.release();
      expect(await names()).toEqual(["outer", "kept"]);
    });

    test("statements started at once run one after the other", async () => {
      const connection = await begin("write");
      const db = dbOf(connection);
      await Promise.all([1, 2, 3].map((id) => db.insert(things).values({ id, name: `n${id}` })));
      await connection.commit();
      connection.release();
      expect(await names()).toEqual(["n1", "n2", "n3"]);
    });

    test("a statement prepared by name works in every transaction", async () => {
      for (let id = 1; id <= 4; id++) {
        const connection = await begin("write");
        const insert = dbOf(connection)
          .insert(things)
          .values({ id: sql.placeholder("id") })
          .prepare("insert_thing");
        await insert.execute({ id });
        await connection.commit();
        // Every other time on a connection that has not seen the name yet.
        if (id % 2 === 0) connection.destroy();
        connection.release();
      }
      expect(await names()).toHaveLength(4);
    });

    test("a reader cannot write, and is told apart", async () => {
      const connection = await begin("read");
      expect(await failureOf(dbOf(connection).insert(things).values({ id: 1 }).execute())).toBe("refusedWrite");
      await connection.rollback();
      connection.release();
      const swallowing = await begin("read");
      await dbOf(swallowing)
        .insert(things)
        .values({ id: 1 })
        .execute()
        .catch(() => {});
      expect(await failureOf(swallowing.commit())).toBe("refusedWrite");
    });

    test("a fault of a statement is the statement's own", async () => {
      await write("insert into things (id) values (1)");
      const connection = await begin("write");
      expect(await failureOf(dbOf(connection).insert(things).values({ id: 1 }).execute())).toBe("other");
    });

    test("a caught failure does not make a commit of nothing look like success", async () => {
      const connection = await begin("write");
      await connection.execute("insert into things (id) values (1)");
      await connection.execute("insert into things (id) values (1)").catch(() => {});
      await expect(connection.commit()).rejects.toThrow("rolled back instead of committing");
      connection.release();
      expect(await names()).toEqual([]);
    });

    test("a function that commits by itself is found out", async () => {
      const connection = await begin("write");
      await connection.execute("commit");
      await expect(connection.commit()).rejects.toThrow("must not run commit or rollback itself");
    });

    test.each(["commit", "rollback"] as const)("db is unusable after %s", async (end) => {
      const connection = await begin("write");
      const db = dbOf(connection);
      await connection[end]();
      await expect((async () => db.select().from(things))()).rejects.toThrow(
        "The transaction of this function has ended; await everything before returning.",
      );
      await expect((async () => db.query.things.findFirst())()).rejects.toThrow("has ended");
      await expect((async () => db.execute("select 1"))()).rejects.toThrow("has ended");
      await expect((async () => db.transaction(async () => {}))()).rejects.toThrow("has ended");
      connection.release();
    });

    test("values come back as they went in", async () => {
      const row = {
        id: 7,
        name: "naïve 𝄞 👩‍👩‍👧 𐍈",
        big: 9_007_199_254_740_993n,
        at: new Date("2026-02-28T23:59:59.999Z"),
        raw: Uint8Array.from({ length: 256 }, (_, i) => i),
        plain: { a: [1, null, "ü"] },
        tree: { nested: { list: [true, 1.5] } },
      };
      await inTransaction(driver, "write", (connection) =>
        dbOf(connection)
          .insert(things)
          .values([row, { id: 8 }])
          .execute(),
      );
      const found = await inTransaction(driver, "read", (connection) =>
        dbOf(connection).select().from(things).orderBy(things.id),
      );
      expect({ ...found[0], raw: new Uint8Array(found[0]?.raw ?? []) }).toEqual(row);
      expect(found[1]).toEqual({ id: 8, name: null, big: null, at: null, raw: null, plain: null, tree: null });
    });

    test("parameters of the framework's own statements, megabytes long too", async () => {
      const long = "ä".repeat(2_000_000);
      const [row] = await inTransaction(driver, "read", (connection) =>
        connection.execute("select $1::text as text, $2::bigint as big, $3::text as nothing", [long, 5, null]),
      );
      expect(row).toEqual({ text: long, big: "5", nothing: null });
    });

    test("a new schema counts from the next begin on", async () => {
      const renamed = pgTable("things", { id: integer().primaryKey(), title: text("name") });
      await write("insert into things (id, name) values (1, 'one')");
      const before = await begin("read");
      driver.useSchema({ renamed });
      expect(await dbOf(before).query.things.findMany({ columns: { name: true } })).toEqual([{ name: "one" }]);
      await before.commit();
      before.release();
      const after = await begin("read");
      const db = after.db as PgDatabase<PgQueryResultHKT, { renamed: typeof renamed }>;
      expect(await db.query.renamed.findMany()).toEqual([{ id: 1, title: "one" }]);
      await after.commit();
      after.release();
      driver.useSchema(schema);
    });

    test("a column that a new schema adds to a table is known at once", async () => {
      await inTransaction(driver, "read", (connection) => dbOf(connection).query.things.findMany());
      await write("alter table things add column mood text default 'good'");
      const things = pgTable("things", { id: integer().primaryKey(), mood: text() });
      driver.useSchema({ things });
      await write("insert into things (id) values (1)");
      const found = await inTransaction(driver, "read", (connection) =>
        (connection.db as PgDatabase<PgQueryResultHKT, { things: typeof things }>).query.things.findMany(),
      );
      expect(found).toEqual([{ id: 1, mood: "good" }]);
      await write("alter table things drop column mood");
      driver.useSchema(schema);
    });

    test("a connection destroyed in its transaction leaves nothing and holds up nobody", async () => {
      const connection = await begin("write");
      await connection.execute("insert into things (id) values (1)");
      connection.destroy();
      await expect(connection.execute("select 1")).rejects.toBeInstanceOf(ConnectionLostError);
      connection.release();
      await write("insert into things (id, name) values (1, 'next')");
      expect(await names()).toEqual(["next"]);
    });

    test("a statement that runs too long ends when its connection is destroyed, and what waits goes on", async () => {
      const runaway = await begin("write");
      await runaway.execute("insert into things (id, name) values (1, 'runaway')");
      // 50 s of arithmetic: the embedded database knows no pg_sleep that could be interrupted.
      const statement = runaway.execute("select count(*) from generate_series(1, 400000000)");
      const waiting = subject.concurrent ? undefined : driver.connect();
      const failure = failureOf(statement);
      await new Promise((resolve) => setTimeout(resolve, 100));
      const destroyed = Date.now();
      runaway.destroy();
      expect(await failure).toBe("connectionLost");
      await waiting?.then((connection) => connection.release());
      await write("lock table things in access exclusive mode", "insert into things (id, name) values (1, 'after')");
      expect(await names()).toEqual(["after"]);
      expect(Date.now() - destroyed).toBeLessThan(5_000);
    }, 30_000);

    test("connections lost while idle are replaced", async () => {
      await write("insert into things (id, name) values (1, 'one')");
      await subject.cutConnections(driver);
      expect(await names()).toEqual(["one"]);
    });

    test("a connection lost inside a transaction says so, and the process lives", async () => {
      const connection = await begin("write");
      await connection.execute("insert into things (id) values (1)");
      await subject.cutConnections(driver);
      expect(await failureOf(connection.execute("select 1"))).toBe("connectionLost");
      await connection.rollback();
      connection.release();
      expect(await names()).toEqual([]);
    });

    test("a connection lost before its commit was heard says so", async () => {
      const connection = await begin("write");
      await connection.execute("insert into things (id) values (1)");
      await subject.cutConnections(driver);
      expect(await failureOf(connection.commit())).toBe("connectionLost");
      connection.release();
      expect(await names()).toEqual([]);
    });

    test("a connection lost while it commits: either it is known to have gone through, or that nobody knows", async () => {
      for (let id = 1; id <= 3; id++) {
        const connection = await begin("write");
        await connection.execute("insert into things (id, name) values ($1, $2)", [id, `n${id}`]);
        const committing = connection.commit().then(() => "committed", driver.classify);
        await subject.cutConnections(driver);
        const end = await committing;
        connection.release();
        expect(["committed", "connectionLost"]).toContain(end);
        if (end === "committed") expect(await names()).toContain(`n${id}`);
      }
    });

    if (subject.concurrent) {
      test("a read snapshot stands still while another transaction commits", async () => {
        const reader = await begin("read");
        await write("insert into things (id) values (1)");
        expect(await reader.execute("select id from things")).toEqual([]);
        await reader.commit();
        reader.release();
        expect(await names()).toHaveLength(1);
      });

      test.each(["at a statement", "at commit"])(
        "of two transactions that cannot be one after the other, one conflicts %s",
        async (when) => {
          await write("insert into things (id, big) values (1, 0), (2, 0)");
          const [one, two] = [await begin("write"), await begin("write")];
          const total = "select sum(big) from things";
          await Promise.all([one.execute(total), two.execute(total)]);
          await one.execute("update things set big = big + 1 where id = 1");
          const second = `update things set big = big + 1 where id = ${when === "at commit" ? 2 : 1}`;
          const blocked = when === "at commit" ? two.execute(second).then(() => two.commit()) : two.execute(second);
          const failures = await Promise.all([
            one.commit().then(() => "committed", driver.classify),
            blocked.then(() => "committed", driver.classify),
          ]);
          expect(failures.sort()).toEqual(["committed", "conflict"]);
        },
      );

      test("a deadlock is a conflict, also when the function swallowed it", async () => {
        await write("insert into things (id, big) values (1, 0), (2, 0)");
        const [one, two] = [await begin("write"), await begin("write")];
        const touch = (id: number): string => `select 1 from things where id = ${id} for update`;
        await one.execute(touch(1));
        await two.execute(touch(2));
        const ends = await Promise.all(
          [
            one
              .execute(touch(2))
              .catch(() => {})
              .then(() => one.commit()),
            two
              .execute(touch(1))
              .catch(() => {})
              .then(() => two.commit()),
          ].map((end) => end.then(() => "committed", driver.classify)),
        );
        expect(ends.sort()).toEqual(["committed", "conflict"]);
      });

      test("contended increments all count when conflicts are tried again", async () => {
        await write("insert into things (id, big) values (1, 0)");
        const increment = async (): Promise<void> => {
          for (;;) {
            try {
              return await inTransaction(driver, "write", async (connection) => {
                const [row] = await connection.execute("select big from things where id = 1");
                await connection.execute("update things set big = $1 where id = 1", [Number(row?.big) + 1]);
              });
            } catch (error) {
              if (driver.classify(error) !== "conflict") throw error;
            }
          }
        };
        await Promise.all(
          Array.from({ length: 4 }, async () => {
            for (let i = 0; i < 10; i++) await increment();
          }),
        );
        const [row] = await inTransaction(driver, "read", (connection) => connection.execute("select big from things"));
        expect(row?.big).toBe("40");
      });
    } else {
      test("transactions wait for their turn, in order", async () => {
        const first = await driver.connect();
        const order: string[] = [];
        const [second, third] = ["second", "third"].map((which) =>
          driver.connect().then((connection) => {
            order.push(which);
            connection.release();
          }),
        );
        await Promise.resolve();
        expect(order).toEqual([]);
        first.release();
        await Promise.all([second, third]);
        expect(order).toEqual(["second", "third"]);
      });
    }

    test("a closed driver gives no connections", async () => {
      const own = await subject.open(schema);
      await own.close();
      await own.close();
      expect(await failureOf(own.connect())).toBe("connectionLost");
    });
  });
}
