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
});

function through(address: string, port: number | undefined): string {
  const url = new URL(address);
  if (port !== undefined) url.host = `127.0.0.1:${port}`;
  return url.href;
}
