import pg from "pg";
import { expect, test } from "vitest";
import { behavesAsDriver } from "../../../tests/support/databases/behaves-as-driver.ts";
import { startTransactionPooler } from "../../../tests/support/databases/contract/transaction-pooler.ts";
import { describeWithPostgres } from "../../../tests/support/databases/with-postgres.ts";
import { inTransaction } from "../internal/database-lock.ts";
import { openPostgres } from "./postgres.ts";

const log = { info() {}, warn() {}, error() {} };

await describeWithPostgres("PostgreSQL", (server) => {
  behavesAsDriver("PostgreSQL", {
    dialect: "pg",
    open: ({ port, ...options }) => openPostgres({ url: through(server.url, port), log, ...options }),
    cutConnections: () => server.endConnections(),
    port: Number(new URL(server.url).port || 5432),
    writersConflict: true,
    commitsInOneTrip: true,
    reopens: true,
  });

  test("through a pooler that lends a session for one transaction, each transaction begins with our settings, and leaves the server's", async () => {
    await using pooler = await startTransactionPooler(Number(new URL(server.url).port || 5432), 2);
    const url = through(server.url, pooler.port);
    const driver = await openPostgres({ url, schema: {}, log, connections: 2 });
    const look =
      "select pg_backend_pid() as session, current_setting('timezone') as zone, current_user as role, " +
      "coalesce(current_setting('app.user', true), '') as caller";
    const sessions = new Set<unknown>();
    for (let i = 0; i < 6; i++) {
      await inTransaction(driver, "write", async (connection) => {
        const [{ session, ...seen } = {}] = await connection.execute(look);
        sessions.add(session);
        expect(seen).toEqual({ zone: "UTC", role: new URL(server.url).username, caller: "" });
        await connection.execute("select set_config('app.user', 'alice', false)");
        await connection.execute("set role pg_monitor");
      });
    }
    expect(sessions.size).toBe(2);
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    const { rows } = await other.query("select setting = reset_val as usual from pg_settings where name = 'TimeZone'");
    expect(rows).toEqual([{ usual: true }]);
    await other.end();
    await driver.close();
  });

  test("through such a pooler, statements that are sent again lose one connection at most, and have no names from then on", async () => {
    await using pooler = await startTransactionPooler(Number(new URL(server.url).port || 5432), 2);
    const said: string[] = [];
    const hearing = { ...log, info: (message: string) => void said.push(message) };
    const driver = await openPostgres({
      url: through(server.url, pooler.port),
      schema: {},
      log: hearing,
      connections: 1,
    });
    const failures: unknown[] = [];
    for (let i = 0; i < 12; i++) {
      await inTransaction(driver, "read", async (connection) => {
        expect(await connection.execute("select $1::int as n", [i])).toEqual([{ n: i }]);
      }).catch((error) => failures.push(driver.classify(error)));
    }
    expect(failures).toEqual(["connectionLost"]);
    expect(said).toEqual([expect.stringContaining("does not keep prepared statements")]);
    await driver.close();
  });

  test("a statement whose table is changed meanwhile loses its connection once, and answers by the new table then", async () => {
    const driver = await openPostgres({ url: server.url, schema: {}, log, connections: 1 });
    const run = (sql: string) => inTransaction(driver, "define", (connection) => connection.execute(sql));
    const read = () =>
      inTransaction(driver, "read", (connection) => connection.execute("select * from changing where id = $1", [1]));
    await run("create table changing (id integer)");
    await run("insert into changing values (1)");
    for (let i = 0; i < 3; i++) expect(await read()).toEqual([{ id: 1 }]);
    await run("alter table changing add column name text");
    const failure = await read().catch((error) => driver.classify(error));
    expect(failure).toBe("connectionLost");
    expect(await read()).toEqual([{ id: 1, name: null }]);
    await run("drop table changing");
    await driver.close();
  });
});

function through(address: string, port: number | undefined): string {
  const url = new URL(address);
  if (port !== undefined) url.host = `127.0.0.1:${port}`;
  return url.href;
}
