import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { int as mysqlInt, mysqlTable } from "drizzle-orm/mysql-core";
import { integer, pgTable } from "drizzle-orm/pg-core";
import { int, sqliteTable } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { inTransaction } from "./alone.ts";
import { openDatabase } from "./open-database.ts";
import { describeWithPostgres } from "./with-postgres.ts";

const log = { info() {}, warn() {}, error() {} };
const schema = { things: pgTable("things", { id: integer() }) };
const open = (url: string | undefined, tables: Record<string, unknown> = schema) =>
  openDatabase({ url, directory: "/nonexistent", schema: tables, log });
/** The whole error as it could reach a log. */
const failure = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => expect.unreachable("it should have failed"),
    (reason: Error) => reason,
  );
  return [
    error.message,
    error.stack,
    JSON.stringify(error),
    String(error.cause),
    (error.cause as Error | undefined)?.stack,
  ].join("\n");
};

test("without an address it is the embedded database in the directory, with the framework's tables", async () => {
  const directory = await mkdtemp(join(tmpdir(), "convex-lite-open-"));
  const driver = await openDatabase({ url: " ", directory, schema, log });
  expect(driver.description).toContain("PGlite in ");
  expect(
    await inTransaction(driver, "read", (connection) => connection.execute("select * from convex_lite.sessions")),
  ).toEqual([]);
  await driver.close();
  await rm(directory, { recursive: true });
});

test.each(["mysql://user:geheim@host/db", "file:./x.db", "host=localhost password=geheim", "geheim"])(
  "an address of another kind is an error: %s",
  async (url) => {
    const text = await failure(open(url));
    expect(text).toContain("DATABASE_URL is expected to be like postgres://");
    expect(text).not.toContain("geheim");
  },
);

test.each([
  ["SQLite", { things: sqliteTable("things", { id: int() }) }],
  ["MySQL", { things: mysqlTable("things", { id: mysqlInt() }) }],
])("tables of %s are refused, with and without an address", async (name, tables) => {
  expect(await failure(open(undefined, tables))).toContain(`are of ${name}`);
  expect(await failure(open("postgres://u:geheim@127.0.0.1:5612/x", tables))).toContain(
    "pgTable from drizzle-orm/pg-core",
  );
  expect(await failure(open(undefined, { ...tables, more: schema.things }))).toContain("more than one database");
});

test("a server that is not there", async () => {
  const text = await failure(open("postgres://u:geheim@127.0.0.1:5612/x"));
  expect(text).toContain(
    "Cannot use PostgreSQL at 127.0.0.1:5612/x: the server does not answer (connect ECONNREFUSED 127.0.0.1:5612).",
  );
  expect(text).not.toContain("geheim");
});

/** A server that answers every connection with one PostgreSQL error. */
async function refusing(code: string, message: string): Promise<Server> {
  const fields = Buffer.from(`SFATAL\0C${code}\0M${message}\0\0`);
  const header = Buffer.from([69, 0, 0, 0, 4 + fields.length]);
  const server = createServer((socket) =>
    socket.once("data", () => socket.end(Buffer.concat([header, fields]))).on("error", () => {}),
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

test.each([
  ["28P01", "does not accept this user and password"],
  ["28000", "does not let this user in from here (no entry for geheim)"],
  ["3D000", "no database of that name"],
  ["53300", "no connection left"],
  ["57P03", "starting or stopping"],
])("a server that refuses with %s", async (code, words) => {
  const server = await refusing(code, "no entry for geheim");
  const { port } = server.address() as AddressInfo;
  const text = await failure(open(`postgres://u:s3cr3t@127.0.0.1:${port}/x`));
  expect(text).toContain(words);
  expect(text).not.toContain("s3cr3t");
  server.close();
});

await describeWithPostgres("PostgreSQL", (server) => {
  test("an address of a server opens it, named without the password", async () => {
    const url = new URL(server.url);
    url.password = "geheim";
    const driver = await open(url.href);
    expect(driver.description).toBe(`PostgreSQL at ${url.host}${url.pathname}`);
    expect(
      await inTransaction(driver, "read", (connection) => connection.execute("select * from convex_lite.sessions")),
    ).toEqual([]);
    await driver.close();
  });

  test("a database that does not exist", async () => {
    const url = new URL(server.url);
    url.pathname = "/no_such_database";
    expect(await failure(open(url.href))).toContain("no database of that name. Create it");
  });
});
