import { createConnection } from "mysql2/promise";
import { afterAll, describe } from "vitest";
import { patience } from "../patience.ts";
import type { TestServer } from "./with-postgres.ts";

const address = process.env.TEST_MYSQL_URL ?? "mysql://root@127.0.0.1:3306/test";

/**
 * Runs tests against a MySQL or MariaDB server: the one at TEST_MYSQL_URL, or a local one whose root has no password.
 * Without a server they are skipped, and their title says so; with REQUIRE_SERVICES=1 they fail instead.
 */
export async function describeWithMysql(name: string, tests: (server: TestServer) => void): Promise<void> {
  const reachable = await run("select 1").then(
    () => true,
    (error: unknown) => error,
  );
  if (reachable !== true) {
    if (process.env.REQUIRE_SERVICES === "1")
      throw new Error(`No MySQL or MariaDB for the tests of ${name}.`, { cause: reachable });
    // Tests must also pass on a machine without the server. The title says what was skipped, and why.
    describe.skip(`${name} (skipped: no MySQL or MariaDB server; set TEST_MYSQL_URL)`, () =>
      tests({ url: address, endConnections: async () => {} }));
    return;
  }
  const database = `convex_lite_${process.pid}_${process.hrtime.bigint()}`;
  await run(`create database ${database} character set utf8mb4`);
  const url = new URL(address);
  url.pathname = `/${database}`;
  describe(name, () => {
    tests({ url: url.href, endConnections: () => endConnections(database) });
    // Dropping the database would wait for ever for a transaction that was left open.
    afterAll(() => endConnections(database).then(() => run(`drop database ${database}`)));
  });
}

async function endConnections(database: string): Promise<void> {
  for (;;) {
    const present = await run(`select id as id from information_schema.processlist where db = '${database}'`);
    if (present.length === 0) return;
    for (const { id } of present) await run(`kill ${id}`).catch(() => {});
  }
}

async function run(sql: string): Promise<Array<{ id?: number }>> {
  const connection = await createConnection({ uri: address, connectTimeout: patience.fact });
  try {
    const [rows] = await connection.query(sql);
    return rows as Array<{ id?: number }>;
  } finally {
    await connection.end();
  }
}
