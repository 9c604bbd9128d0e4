import { setTimeout as after } from "node:timers/promises";
import { expect, test } from "vitest";
import { describeWithMysql } from "../../../tests/support/databases/with-mysql.ts";
import { describeWithPostgres } from "../../../tests/support/databases/with-postgres.ts";
import type { Driver } from "../driver/driver.ts";
import { openMysql } from "../mysql/mysql-driver.ts";
import { openPostgres } from "../postgres/postgres.ts";
import { withDatabaseLock } from "./database-lock.ts";

const log = { info() {}, warn() {}, error() {} };

/** Seconds after which the servers end an idle connection. */
const REST = 3;
/** Milliseconds of work: longer than a connection may be idle. */
const LONGER = REST * 1_000 + 1_000;
/** Milliseconds between two statements of the lock's connection: so few that a busy machine may miss many. */
const OFTEN = 100;
/** Milliseconds between them, so many that none runs during the work. */
const NEVER = 60_000;

function staysAlone(open: () => Promise<Driver>): void {
  test("work that takes longer than a connection may be idle keeps its lock", async () => {
    const [one, two] = await Promise.all([open(), open()]);
    const order: string[] = [];
    const work = (name: string, ms: number) => async () => {
      order.push(`${name} begins`);
      await after(ms);
      order.push(`${name} ends`);
    };
    const first = withDatabaseLock(one, work("one", LONGER), OFTEN);
    await expect.poll(() => order).toEqual(["one begins"]);
    await Promise.all([first, withDatabaseLock(two, work("two", 0), OFTEN)]);
    expect(order).toEqual(["one begins", "one ends", "two begins", "two ends"]);
    await Promise.all([one.close(), two.close()]);
  });

  test("work whose lock was lost before it ended fails, and the next work gets the lock", async () => {
    const driver = await open();
    let ended = false;
    const working = withDatabaseLock(
      driver,
      async () => {
        await after(LONGER);
        ended = true;
      },
      NEVER,
    );
    const error = await working.catch((reason: unknown) => reason);
    expect(ended).toBe(true);
    expect(String(error)).toMatch(/kept other servers from preparing .* was lost before that was done/);
    expect(driver.classify(error)).toBe("connectionLost");
    expect(await withDatabaseLock(driver, async () => "done")).toBe("done");
    await driver.close();
  });

  test("an error of the work itself is reported instead of the lock that was lost meanwhile", async () => {
    const driver = await open();
    const working = withDatabaseLock(
      driver,
      async () => {
        await after(LONGER);
        throw new Error("the work's own");
      },
      NEVER,
    );
    await expect(working).rejects.toThrow("the work's own");
    await driver.close();
  });
}

await describeWithPostgres("PostgreSQL", (server) => {
  staysAlone(() => {
    const url = new URL(server.url);
    url.searchParams.set("options", `-c idle_in_transaction_session_timeout=${REST}s`);
    return openPostgres({ url: url.href, schema: {}, log });
  });
});

await describeWithMysql("MySQL or MariaDB", (server) => {
  staysAlone(async () => {
    const driver = await openMysql({ url: server.url, schema: {}, log });
    const connect = driver.connect.bind(driver);
    driver.connect = async () => {
      const connection = await connect();
      await connection.begin("define");
      await connection.execute(`set session wait_timeout = ${REST}`);
      await connection.commit();
      return connection;
    };
    return driver;
  });
});
