import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { patience } from "../../../tests/support/patience.ts";
import { inTransaction } from "../internal/database-lock.ts";
import type { EmbeddedDriver } from "./embedded-driver.ts";
import { openPglite } from "./pglite-driver.ts";
import { type PostgresProtocolServer, servePostgresProtocol } from "./serve-postgres-protocol.ts";

const log = { info() {}, warn() {}, error() {} };
let base: string;
let driver: EmbeddedDriver;
let server: PostgresProtocolServer;

async function serveIn(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const within = { answerTimeoutMs: 100, connectTimeoutMs: patience.fact };
  driver = await openPglite({ directory: join(folder, "pglite"), schema: {}, log, ...within });
  server = await servePostgresProtocol(driver, log);
}
const host = (): string => readFileSync(`${driver.directory}.socket`, "utf8");
const tool = async (): Promise<pg.Client> => {
  const client = new pg.Client({ host: host(), user: "postgres", database: "postgres" });
  client.on("error", () => {});
  await client.connect();
  return client;
};
const raw = async (): Promise<Socket> => {
  const socket = connect(join(host(), ".s.PGSQL.5432"));
  await once(socket, "connect");
  return socket;
};

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "convex-lite-wire-"));
});
afterEach(async () => {
  await server?.close();
  await driver?.close();
  if (base) await rm(base, { recursive: true, force: true });
});

test("a tool sees the application's commits, and the application sees the tool's", async () => {
  await serveIn(base);
  expect(statSync(join(base, ".s.PGSQL.5432")).mode & 0o077).toBe(0);
  await inTransaction(driver, "write", (connection) => connection.execute("create table t as select 1 as id"));
  const client = await tool();
  expect((await client.query("select id from t where id = $1", [1])).rows).toEqual([{ id: 1 }]);
  await client.query("insert into t values (2)");
  expect(await inTransaction(driver, "read", (connection) => connection.execute("select id from t"))).toHaveLength(2);
  await client.end();
});

test("each connection gets its own rows, however the statements and transactions of several interleave", async () => {
  await serveIn(base);
  await inTransaction(driver, "write", (connection) => connection.execute("create table t (who text, n integer)"));
  const clients = await Promise.all([tool(), tool(), tool()]);
  const work = async (who: string, query: (sql: string, params: unknown[]) => Promise<unknown>): Promise<void> => {
    for (let n = 0; n < 30; n++)
      expect(await query("select $1::text as who, $2::int as n", [who, n])).toMatchObject([{ who, n }]);
  };
  await Promise.all([
    ...clients.map((client, i) =>
      work(`tool ${i}`, async (sql, params) => {
        if (i > 0) return (await client.query(sql, params)).rows;
        await client.query("begin");
        const { rows } = await client.query(sql, params);
        await client.query("insert into t values ($1, $2)", params);
        await client.query("commit");
        return rows;
      }),
    ),
    work("application", (sql, params) =>
      inTransaction(driver, "write", (connection) => connection.execute(sql, params)),
    ),
  ]);
  expect((await clients[0]?.query("select count(*)::int as count from t"))?.rows).toEqual([{ count: 30 }]);
  await Promise.all(clients.map((client) => client.end()));
});

test("a tool's open transaction and settings are undone when it disconnects", async () => {
  await serveIn(base);
  const client = await tool();
  await client.query("create table t (id integer)");
  await client.query("set search_path = nowhere");
  await client.query("begin");
  await client.query("insert into public.t values (1)");
  (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
  expect(await inTransaction(driver, "read", (connection) => connection.execute("select * from t"))).toEqual([]);
});

test("encryption is declined, also when its request arrives byte by byte", async () => {
  await serveIn(base);
  const socket = await raw();
  const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
  for (const byte of sslRequest) socket.write(Buffer.from([byte]));
  expect(String((await once(socket, "data"))[0])).toBe("N");
  socket.destroy();
});

test("a client that does not speak the protocol is disconnected", async () => {
  await serveIn(base);
  const socket = await raw();
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(socket.resume(), "close");
  const client = await tool();
  expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  await client.end();
});

test("a tool is disconnected when the database stops, and can connect again", async () => {
  await serveIn(base);
  const client = await tool();
  const gone = new Promise<void>((resolve) => client.on("end", () => resolve()));
  await driver.abort();
  await gone;
  await inTransaction(driver, "read", (connection) => connection.execute("select 1"));
  const again = await tool();
  expect((await again.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  await again.end();
});

test("a path that is too long for a socket is replaced by a temporary folder", async () => {
  await serveIn(join(base, "long".repeat(30)));
  expect(host()).not.toContain("longlong");
  const client = await tool();
  expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  await client.end();
  const folder = host();
  await server.close();
  expect(existsSync(folder)).toBe(false);
  server = { close: async () => {} };
});

test("closing removes the files that were put beside the database, and no others, also for a relative path", async () => {
  await serveIn(relative(process.cwd(), base));
  expect(await readdir(base)).toEqual(expect.arrayContaining(["pglite", "pglite.socket", ".s.PGSQL.5432"]));
  await server.close();
  expect((await readdir(base)).sort()).toEqual(["pglite", "pglite.lock", "pglite.owner"]);
  server = { close: async () => {} };
});
