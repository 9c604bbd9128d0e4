import { describe, expect, test } from "vitest";

import { UnusableDatabaseError } from "../../../../lib/database/driver/database-errors.ts";
import type { DatabaseConnection } from "../../../../lib/database/driver/driver.ts";
import { inTransaction } from "../../../../lib/database/internal/database-lock.ts";
import type { DriverInUse } from "./driver-in-use.ts";

/** What the driver promises of transactions that run at the same time. */
export function transactionsKeepApart(use: DriverInUse): void {
  describe("transactions", () => {
    test("fail when no connection becomes free in the time allowed, and later ones succeed", async () => {
      // On a busy machine, opening and the first connections may take longer than the time allowed.
      const small = await untilConnected(
        () => use.subject.open({ schema: {}, connections: 2, connectTimeoutMs: 200 }),
        (error) => error instanceof UnusableDatabaseError,
      );
      try {
        const begin = (): Promise<DatabaseConnection> =>
          untilConnected(
            () => use.begin("write", small),
            (error) => small.classify(error) === "connectionLost",
          );
        const holding = [await begin()];
        if (use.subject.writersConflict) holding.push(await begin());
        expect(await use.failureOf(use.begin("write", small))).toBe("connectionLost");
        for (const connection of holding) {
          await connection.rollback();
          connection.release();
        }
        const next = await begin();
        await next.commit();
        next.release();
      } finally {
        use.leaveNothing();
        await small.close();
      }
    });

    test("that increment the same row all count when they are run again after a conflict", async () => {
      await use.write("insert into things (id, big) values (1, 0)");
      const increment = async (): Promise<void> => {
        for (;;) {
          try {
            return await inTransaction(use.driver, "write", async (connection) => {
              const [row] = await connection.execute("select big from things where id = 1");
              await connection.execute("update things set big = $1 where id = 1", [Number(row?.big) + 1]);
            });
          } catch (error) {
            if (use.driver.classify(error) !== "conflict") throw error;
          }
        }
      };
      await Promise.all(
        Array.from({ length: 4 }, async () => {
          for (let i = 0; i < 10; i++) await increment();
        }),
      );
      const [row] = await inTransaction(use.driver, "read", (connection) =>
        connection.execute("select big from things"),
      );
      expect(Number(row?.big)).toBe(40);
    });

    if (use.subject.dialect !== "pg" || use.subject.writersConflict) {
      test("that read do not see what commits meanwhile", async () => {
        const reader = await use.begin("read");
        await use.write("insert into things (id) values (1)");
        expect(await reader.execute("select id from things")).toEqual([]);
        expect(await use.db(reader).select().from(use.things)).toEqual([]);
        await reader.commit();
        reader.release();
        expect(await use.names()).toHaveLength(1);
      });

      test("that read see what was committed before they began, and nothing of open transactions", async () => {
        const writer = await use.begin("write");
        await writer.execute("insert into things (id) values (1)");
        const early = await use.begin("read");
        expect(await early.execute("select id from things")).toEqual([]);
        await writer.commit();
        writer.release();
        const late = await use.begin("read");
        expect(await early.execute("select id from things")).toEqual([]);
        expect(await late.execute("select id from things")).toHaveLength(1);
      });
    }

    if (use.subject.writersConflict) conflictsAreTold(use);
    else onlyOneWrites(use);
  });
}

function conflictsAreTold(use: DriverInUse): void {
  test.each(["at a statement", "at commit"])(
    "that no order could serialize: one of two fails with a conflict %s",
    async (when) => {
      await use.write("insert into things (id, big) values (1, 0), (2, 0)");
      const [one, two] = [await use.begin("write"), await use.begin("write")];
      const total = "select sum(big) from things";
      await Promise.all([one.execute(total), two.execute(total)]);
      const increment = (id: number): string => `update things set big = big + 1 where id = ${id}`;
      const ends = [
        one.execute(increment(1)).then(() => one.commit()),
        two.execute(increment(when === "at commit" ? 2 : 1)).then(() => two.commit()),
      ].map((end) => use.outcomeOf(end));
      // Where reading locks (MySQL), the other one continues only when the one that lost has ended.
      await Promise.race(ends);
      expect((await Promise.all(ends)).sort()).toEqual(["committed", "conflict"]);
    },
  );

  test("that deadlock: one fails with a conflict, even if the function catches the error, and leaves nothing", async () => {
    await use.write("insert into things (id, name) values (1, 'one'), (2, 'two')");
    const [one, two] = [await use.begin("write"), await use.begin("write")];
    const touch = (id: number): string => `select 1 from things where id = ${id} for update`;
    await one.execute(touch(1));
    await two.execute(touch(2));
    const stubborn = async (connection: typeof one, id: number, own: number): Promise<void> => {
      await connection.execute(touch(id)).catch(() => {});
      // After a deadlock MySQL would commit this statement by itself.
      await connection.execute(`update things set name = 'by ${own}' where id = ${own}`).catch(() => {});
      await connection.commit();
    };
    const ends = [stubborn(one, 2, 1), stubborn(two, 1, 2)].map((end, i) =>
      use.outcomeOf(end).finally(() => [one, two][i]?.destroy()),
    );
    const outcomes = await Promise.all(ends);
    expect([...outcomes].sort()).toEqual(["committed", "conflict"]);
    const kept = outcomes[0] === "committed" ? ["by 1", "two"] : ["one", "by 2"];
    expect(await use.names()).toEqual(kept);
  });
}

function onlyOneWrites(use: DriverInUse): void {
  test("that write wait for each other, in order", async () => {
    const first = await use.begin("write");
    const order: string[] = [];
    const others = ["second", "third"].map(async (which) => {
      const connection = await use.begin("write");
      order.push(which);
      await connection.rollback();
      connection.release();
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([]);
    await first.rollback();
    first.release();
    await Promise.all(others);
    expect(order).toEqual(["second", "third"]);
  });
}

/** Tries again as long as it fails for want of a connection. */
async function untilConnected<T>(connect: () => Promise<T>, isNotConnected: (error: unknown) => boolean): Promise<T> {
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      if (!isNotConnected(error)) throw error;
    }
  }
}
