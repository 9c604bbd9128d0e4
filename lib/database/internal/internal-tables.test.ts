import { expect, test } from "vitest";
import { describeWithPostgres } from "../../../tests/support/databases/with-postgres.ts";
import type { Driver } from "../driver/driver.ts";
import { openPostgres } from "../postgres/postgres.ts";
import { openTemporaryDatabase } from "../temporary-database.ts";
import { inTransaction } from "./database-lock.ts";
import { createInternalTables, readMeta, writeMeta } from "./internal-tables.ts";

const log = { info() {}, warn() {}, error() {} };

const columnsOfSessions = (driver: Driver): Promise<unknown[]> =>
  inTransaction(driver, "read", async (connection) => {
    const rows = await connection.execute(
      "select column_name, data_type from information_schema.columns where table_schema = 'convex_lite' and table_name = 'sessions' order by ordinal_position",
    );
    return rows.map((row) => `${row.column_name} ${row.data_type}`);
  });

test("the framework's tables exist, and creating them again changes nothing", async () => {
  const driver = await openTemporaryDatabase({ schema: {} });
  const columns = ["id text", "identity text", "last_decided bigint", "outcomes text", "touched bigint"];
  expect(await columnsOfSessions(driver)).toEqual(columns);
  await createInternalTables(driver);
  expect(await columnsOfSessions(driver)).toEqual(columns);
  await driver.close();
});

test("the key is the only index of the clients' table, so that mutations of different clients do not conflict", async () => {
  const driver = await openTemporaryDatabase({ schema: {} });
  const indexes = await inTransaction(driver, "read", (connection) =>
    connection.execute("select indexname from pg_indexes where schemaname = 'convex_lite' and tablename = 'sessions'"),
  );
  expect(indexes).toEqual([{ indexname: "sessions_pkey" }]);
  await driver.close();
});

test("the secret of a database is made once, and differs from that of another", async () => {
  const [driver, other] = [await openTemporaryDatabase({ schema: {} }), await openTemporaryDatabase({ schema: {} })];
  const { secret } = driver;
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(other.secret).not.toBe(secret);
  await createInternalTables(driver);
  expect(driver.secret).toBe(secret);
  await Promise.all([driver.close(), other.close()]);
});

test("tables of a later release are refused with an error that says so", async () => {
  const driver = await openTemporaryDatabase({ schema: {} });
  await inTransaction(driver, "write", (connection) => writeMeta(connection, "version", "99"));
  await expect(createInternalTables(driver)).rejects.toThrow("version 99, made by a later release");
  await driver.close();
});

await describeWithPostgres("PostgreSQL", (server) => {
  test("servers that start at the same time on an empty database all start", async () => {
    const drivers = await Promise.all(
      Array.from({ length: 5 }, () => openPostgres({ url: server.url, schema: {}, log })),
    );
    await Promise.all(drivers.map(createInternalTables));
    const [driver] = drivers as [Driver];
    expect(await inTransaction(driver, "read", (connection) => readMeta(connection, "version"))).toBe("3");
    expect(new Set(drivers.map(({ secret }) => secret)).size).toBe(1);
    await Promise.all(drivers.map((each) => each.close()));
  });

  test("a user who may not use the tables is told which right is missing; one who may needs no right to create", async () => {
    const { name, url } = await server.newUser();
    const [admin, driver] = await Promise.all([
      openPostgres({ url: server.url, schema: {}, log }),
      openPostgres({ url, schema: {}, log }),
    ]);
    await createInternalTables(admin);
    await expect(createInternalTables(driver)).rejects.toThrow(
      /cannot be read in .*: permission denied for schema convex_lite\. .*"grant usage on schema convex_lite to …"/,
    );
    const grant = (what: string) =>
      inTransaction(admin, "define", (connection) => connection.execute(`grant ${what} to ${name}`));
    await grant("usage on schema convex_lite");
    await expect(createInternalTables(driver)).rejects.toThrow(/denied for table meta\. .*"grant select/);
    await grant("select, insert, update, delete on all tables in schema convex_lite");
    await createInternalTables(driver);
    await Promise.all([admin.close(), driver.close()]);
  });

  test("a user who may not create a schema creates the tables in one that exists already", async () => {
    const { name, url } = await server.newUser();
    const admin = await openPostgres({ url: server.url, schema: {}, log });
    await inTransaction(admin, "define", async (connection) => {
      await connection.execute("drop schema if exists convex_lite cascade");
      await connection.execute(`create schema convex_lite authorization ${name}`);
    });
    const driver = await openPostgres({ url, schema: {}, log });
    await createInternalTables(driver);
    expect(await inTransaction(driver, "read", (connection) => readMeta(connection, "version"))).toBe("3");
    await Promise.all([admin.close(), driver.close()]);
  });
});
