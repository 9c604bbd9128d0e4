import pg from "pg";
import { afterAll, describe } from "vitest";
import { patience } from "../patience.ts";

/** A database that was made for one group of tests, on a server. */
export interface TestServer {
  /** The address of that database. */
  url: string;
  /** Ends every connection to it. Resolves when the server has ended them. */
  endConnections(): Promise<void>;
}

export interface PostgresTestServer extends TestServer {
  /** Makes a user who may only connect. The user is deleted with the database. */
  newUser(): Promise<{ name: string; url: string }>;
}

const address = process.env.TEST_POSTGRES_URL ?? "postgres://postgres@127.0.0.1:5432/test";

/**
 * Runs tests against a PostgreSQL server: the one at TEST_POSTGRES_URL, or a local one that trusts its users. Without a
 * server they are skipped, and their title says so; with REQUIRE_SERVICES=1 they fail instead.
 */
export async function describeWithPostgres(name: string, tests: (server: PostgresTestServer) => void): Promise<void> {
  const reachable = await run("select 1").then(
    () => true,
    (error: unknown) => error,
  );
  if (reachable !== true) {
    if (process.env.REQUIRE_SERVICES === "1")
      throw new Error(`No PostgreSQL for the tests of ${name}.`, { cause: reachable });
    // Tests must also pass on a machine without the server. The title says what was skipped, and why.
    describe.skip(`${name} (skipped: no PostgreSQL server; set TEST_POSTGRES_URL)`, () =>
      tests({ url: address, newUser: async () => ({ name: "", url: address }), endConnections: async () => {} }));
    return;
  }
  const database = `convex_lite_${process.pid}_${process.hrtime.bigint()}`;
  await run(`create database ${database}`);
  const url = new URL(address);
  url.pathname = `/${database}`;
  const users: string[] = [];
  const newUser = async (): Promise<{ name: string; url: string }> => {
    const user = `${database}_user_${users.length}`;
    await run(`create role ${user} login password 'x'`);
    users.push(user);
    const theirs = new URL(url);
    Object.assign(theirs, { username: user, password: "x" });
    return { name: user, url: theirs.href };
  };
  describe(name, () => {
    tests({ url: url.href, newUser, endConnections: () => endConnections(database) });
    afterAll(async () => {
      await run(`drop database ${database} with (force)`);
      for (const user of users) await run(`drop role ${user}`);
    });
  });
}

async function endConnections(database: string): Promise<void> {
  const present = `select count(pg_terminate_backend(pid))::int as left from pg_stat_activity where datname = '${database}'`;
  while (Number((await run(present))[0]?.left) > 0);
}

async function run(sql: string): Promise<Array<{ left?: number }>> {
  const client = new pg.Client({ connectionString: address, connectionTimeoutMillis: patience.fact });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
