import { expect, test } from "vitest";
import { inTransaction } from "./alone.ts";
import type { Driver } from "./driver.ts";
import { createInternalTables, readMeta, writeMeta } from "./internal-tables.ts";
import { openPostgres } from "./postgres.ts";
import { openTemporary } from "./temporary.ts";
import { describeWithPostgres } from "./with-postgres.ts";

const log = { info() {}, warn() {}, error() {} };

const columnsOfSessions = (driver: Driver): Promise<unknown[]> =>
  inTransaction(driver, "read", async (connection) => {
    const rows = await connection.execute(
      "select column_name, data_type from information_schema.columns where table_schema = 'convex_lite' and table_name = 'sessions' order by ordinal_position",
    );
    return rows.map((row) => `${row.column_name} ${row.data_type}`);
  });

test("the framework's tables are there, and making them again changes nothing", async () => {
  const driver = await openTemporary({ schema: {} });
  const columns = ["id text", "identity text", "last_decided bigint", "outcomes text", "touched bigint"];
  expect(await columnsOfSessions(driver)).toEqual(columns);
  await createInternalTables(driver);
  expect(await columnsOfSessions(driver)).toEqual(columns);
  await driver.close();
});

test("writers of different sessions do not conflict by an index: the key is the only one", async () => {
  const driver = await openTemporary({ schema: {} });
  const indexes = await inTransaction(driver, "read", (connection) =>
    connection.execute("select indexname from pg_indexes where schemaname = 'convex_lite' and tablename = 'sessions'"),
  );
  expect(indexes).toEqual([{ indexname: "sessions_pkey" }]);
  await driver.close();
});

test("tables of a later release are an error that says so", async () => {
  const driver = await openTemporary({ schema: {} });
  await inTransaction(driver, "write", (connection) => writeMeta(connection, "version", "99"));
  await expect(createInternalTables(driver)).rejects.toThrow("version 99, made by a later release");
  await driver.close();
});

await describeWithPostgres("PostgreSQL", (server) => {
  test("servers that start at once on an empty database all come up", async () => {
    const drivers = await Promise.all(
      Array.from({ length: 5 }, () => openPostgres({ url: server.url, schema: {}, log })),
    );
    await Promise.all(drivers.map(createInternalTables));
    const [driver] = drivers as [Driver];
    expect(await inTransaction(driver, "read", (connection) => readMeta(connection, "version"))).toBe("2");
    await Promise.all(drivers.map((each) => each.close()));
  });
});
