import { setTimeout as after } from "node:timers/promises";
import { expect, test } from "vitest";
import { alone } from "./alone.ts";
import type { Driver } from "./driver.ts";
import { openMysql } from "./mysql.ts";
import { openPostgres } from "./postgres.ts";
import { describeWithMysql } from "./with-mysql.ts";
import { describeWithPostgres } from "./with-postgres.ts";

const log = { info() {}, warn() {}, error() {} };

/** On a server that ends connections which say nothing for a second. */
function staysAlone(open: () => Promise<Driver>): void {
  test("work that takes longer than the server lets a connection rest is alone all the same", async () => {
    const [one, two] = await Promise.all([open(), open()]);
    const order: string[] = [];
    const work = (name: string, ms: number) => async () => {
      order.push(`${name} begins`);
      await after(ms);
      order.push(`${name} ends`);
    };
    const first = alone(one, work("one", 2_500), 200);
    await after(200);
    await Promise.all([first, alone(two, work("two", 0), 200)]);
    expect(order).toEqual(["one begins", "one ends", "two begins", "two ends"]);
    await Promise.all([one.close(), two.close()]);
  });

  test("work that was not alone to its end does not pass for it, and lets the next be", async () => {
    const driver = await open();
    let ended = false;
    const working = alone(
      driver,
      async () => {
        await after(2_500);
        ended = true;
      },
      60_000,
    );
    const error = await working.catch((reason: unknown) => reason);
    expect(ended).toBe(true);
    expect(String(error)).toMatch(/kept other servers from preparing .* was lost before that was done/);
    expect(driver.classify(error)).toBe("connectionLost");
    expect(await alone(driver, async () => "done")).toBe("done");
    await driver.close();
  });

  test("what fails in the work is told, not the lock that was lost meanwhile", async () => {
    const driver = await open();
    const working = alone(
      driver,
      async () => {
        await after(1_500);
        throw new Error("the work's own");
      },
      60_000,
    );
    await expect(working).rejects.toThrow("the work's own");
    await driver.close();
  });
}

await describeWithPostgres("PostgreSQL", (server) => {
  staysAlone(() => {
    const url = new URL(server.url);
    url.searchParams.set("options", "-c idle_in_transaction_session_timeout=1s");
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
      await connection.execute("set session wait_timeout = 1");
      await connection.commit();
      return connection;
    };
    return driver;
  });
});
