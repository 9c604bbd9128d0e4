import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { int as mysqlInt, mysqlTable } from "drizzle-orm/mysql-core";
import { integer, pgTable } from "drizzle-orm/pg-core";
import { int, sqliteTable } from "drizzle-orm/sqlite-core";
import { describe, expect, test } from "vitest";
import { describeWithMysql } from "../../tests/support/databases/with-mysql.ts";
import { describeWithPostgres } from "../../tests/support/databases/with-postgres.ts";
import { UnusableDatabaseError } from "./driver/database-errors.ts";
import { parseDatabaseUrl } from "./driver/database-url.ts";
import type { Driver } from "./driver/driver.ts";
import { inTransaction } from "./internal/database-lock.ts";
import { internalSql } from "./internal/internal-sql.ts";
import { openDatabase } from "./open-database.ts";
import { openPostgres } from "./postgres/postgres.ts";

const log = { info() {}, warn() {}, error() {} };
const schema = { things: pgTable("things", { id: integer() }) };
const sqliteSchema = { things: sqliteTable("things", { id: int() }) };
const mysqlSchema = { things: mysqlTable("things", { id: mysqlInt() }) };
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

const inDirectory = async (work: (directory: string) => Promise<void>): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), "convex-lite-open-"));
  await work(directory).finally(() => rm(directory, { recursive: true }));
};
const ownTables = async (driver: Driver): Promise<unknown> => {
  const { own } = internalSql[driver.dialect];
  return inTransaction(driver, "read", (connection) => connection.execute(`select * from ${own("sessions")}`));
};

describe("without an address the embedded database is opened, with the framework's tables:", () => {
  test.each([
    ["PGlite", schema, "pglite"],
    ["SQLite", sqliteSchema, "database.sqlite"],
    ["PGlite", {}, "pglite"],
  ])("%s", (name, tables, at) =>
    inDirectory(async (directory) => {
      const driver = await openDatabase({ url: " ", directory: join(directory, ".convex"), schema: tables, log });
      expect(driver.description).toContain(`${name} in `);
      expect(await ownTables(driver)).toEqual([]);
      await driver.close();
      expect(existsSync(join(directory, ".convex", at))).toBe(true);
    }),
  );

  test.each([schema, sqliteSchema])("but not where its directory cannot be created", (tables) =>
    inDirectory(async (directory) => {
      // A file in place of the directory, because root may write to every directory.
      const place = join(directory, "file");
      await writeFile(place, "");
      const opening = openDatabase({ url: undefined, directory: join(place, ".convex"), schema: tables, log });
      await expect(opening).rejects.toThrow(UnusableDatabaseError);
      await expect(opening).rejects.toThrow("May this user write");
    }),
  );

  test("but not for tables of MySQL, where the error says what to set", async () => {
    const text = await failure(open(undefined, mysqlSchema));
    expect(text).toContain("MySQL (drizzle-orm/mysql-core), which cannot be embedded, and DATABASE_URL is not set");
    expect(text).toContain("mysql://user:password@host:3306/database");
  });
});

test("file: names a SQLite file by an absolute path, or by one from the working directory", () =>
  inDirectory(async (directory) => {
    const file = join(directory, "my app.sqlite");
    for (const url of [`file:${file}`, pathToFileURL(file).href, `file:${relative(process.cwd(), file)}`]) {
      const driver = await open(url, sqliteSchema);
      expect(await ownTables(driver)).toEqual([]);
      await driver.close();
      expect(existsSync(file)).toBe(true);
    }
    expect(await failure(open("file:", sqliteSchema))).toContain("expected to name a file");
    expect(await failure(open("file::memory:", sqliteSchema))).toContain("expected to name a file");
    expect(await failure(open(`file:${directory}/nowhere/x.sqlite`, sqliteSchema))).toContain("there is no directory");
    expect(await failure(open(`file:${directory}`, sqliteSchema))).toContain("cannot be opened: it is a directory");
    expect(existsSync(`${directory}.lock`)).toBe(false);
    for (const url of [`file:${file}?mode=ro`, `${pathToFileURL(file).href}?mode=ro`]) {
      expect(await failure(open(url, sqliteSchema))).toContain("leave out the ?");
    }
  }));

test.each(["mariadb://user:geheim@host/db", "sqlite:./x.db", "host=localhost password=geheim", "geheim"])(
  "an address of an unknown kind is refused: %s",
  async (url) => {
    const text = await failure(open(url));
    expect(text).toContain("DATABASE_URL is expected to be like postgres://");
    expect(text).not.toContain("geheim");
  },
);

test.each([
  "postgres://user:geh#eim/@host:5432/db",
  "postgres://user:geh%eim@host/db",
  "mysql://user:geheim@host:port/db",
  "mysql://user:geh%eim@host/db",
])("a malformed address is refused, and the error does not show it: %s", async (url) => {
  const text = await failure(open(url, url.startsWith("mysql") ? mysqlSchema : schema));
  expect(text).toContain("is not an address");
  expect(text).not.toMatch(/geh/);
});

describe("tables of one database and an address of another are refused:", () => {
  const addresses = {
    PostgreSQL: "postgres://u:geheim@127.0.0.1:5612/x",
    MySQL: "mysql://u:geheim@127.0.0.1:5612/x",
    SQLite: "file:./nothing.sqlite",
  };
  const tables = { PostgreSQL: schema, MySQL: mysqlSchema, SQLite: sqliteSchema };
  const names = ["PostgreSQL", "MySQL", "SQLite"] as const;

  test.each(names.flatMap((of) => names.filter((at) => at !== of).map((at) => [of, at] as const)))(
    "tables of %s at %s",
    async (of, at) => {
      const text = await failure(open(addresses[at], tables[of]));
      expect(text).toContain(`The tables in convex/schema.ts are of ${of}`);
      expect(text).toContain(`is for ${at}`);
      expect(text).not.toContain("geheim");
      expect(existsSync("nothing.sqlite")).toBe(false);
    },
  );

  test("tables of more than one database", async () => {
    const both = { ...sqliteSchema, more: schema.things };
    expect(await failure(open(undefined, both))).toContain("of more than one database");
    expect(await failure(open(addresses.PostgreSQL, both))).toContain("of more than one database");
  });

  test("a schema without tables fits every database", async () => {
    expect(await failure(open(addresses.MySQL, {}))).toContain("Cannot use MySQL at 127.0.0.1:5612/x");
    expect(await failure(open(addresses.PostgreSQL, {}))).toContain("Cannot use PostgreSQL at 127.0.0.1:5612/x");
  });
});

describe("the driver that an address asks for:", () => {
  test.each([
    ["postgres://u:p@ep-cool-1.eu-central-1.aws.neon.tech/app?sslmode=require", "neon"],
    ["postgres://u:p@ep-cool-1-pooler.eu-central-1.aws.neon.tech:5432/app", "neon"],
    ["postgres://u:p@ep-cool-1.eu-central-1.aws.neon.tech/app?driver=pg", "pg"],
    ["postgres://u:p@host/app?driver=neon", "neon"],
    ["postgres://u:p@neon.tech.example.org/app", "pg"],
    ["postgres://u:p@host/neon.tech", "pg"],
    ["postgres://u:p@/app?host=/run/postgresql", "pg"],
    ["postgres:///app?host=/run/postgresql", "pg"],
  ])("%s: %s", (url, driver) => expect(parseDatabaseUrl(url).driver).toBe(driver));

  test("the parameter ?driver= is not passed to the server", () => {
    expect(parseDatabaseUrl("postgres://u:p@host/app?driver=pg&sslmode=require").url).toBe(
      "postgres://u:p@host/app?sslmode=require",
    );
    expect(parseDatabaseUrl("postgres://u:p@host/app?sslmode=require&driver=pg").url).toBe(
      "postgres://u:p@host/app?sslmode=require",
    );
    expect(parseDatabaseUrl("postgres://u:p@host/app?driver=pg").url).toBe("postgres://u:p@host/app");
  });

  test("an unknown driver is refused", async () => {
    expect(await failure(open("postgres://u:geheim@host/app?driver=postgresjs"))).toContain(
      "asks for ?driver=postgresjs. There are two",
    );
  });
});

test.each([
  ["better-sqlite3", "file:./nothing.sqlite", "sqlite", "the package better-sqlite3"],
  ["mysql2", "mysql://u:geheim@host/db", "mysql", "the package mysql2"],
  ["@neondatabase/serverless", "postgres://u:geheim@host/db?driver=neon", "pg", "the package @neondatabase/serverless"],
  ["pg", "postgres://u:geheim@host/db", "pg", "the package pg"],
  ["pg", "", "pg", "the packages @electric-sql/pglite and pg"],
  ["@electric-sql/pglite", "", "pg", "the packages @electric-sql/pglite and pg"],
])("a project without %s for %j is told to install it", async (name, url, core, needed) => {
  const file = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const program = `
    import { registerHooks } from "node:module";
    registerHooks({ resolve(specifier, context, next) {
      if (specifier !== ${JSON.stringify(name)} && !specifier.startsWith(${JSON.stringify(`${name}/`)})) return next(specifier, context);
      throw Object.assign(new Error("Cannot find package '${name}'"), { code: "ERR_MODULE_NOT_FOUND" });
    } });
    const { openDatabase } = await import(${file("./open-database.ts")});
    const { ${core}Table: table, ${core === "mysql" ? "int" : "integer"}: integer } = await import("drizzle-orm/${core}-core");
    const schema = { things: table("things", { id: integer() }) };
    await openDatabase({ url: ${JSON.stringify(url)}, directory: "/nonexistent", schema, log: console }).catch((error) =>
      console.log(error.name + ": " + error.message));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    encoding: "utf8",
    env: { ...process.env, npm_config_user_agent: "pnpm/12.0.0" },
  });
  expect(stdout, stderr).toBe(
    `UnusableDatabaseError: This database needs ${needed}. Run pnpm add ${needed.replace(/^the packages? | and/g, "")}, and start again.\n`,
  );
});

test.each([
  ["PostgreSQL", "postgres://u:geheim@127.0.0.1:5612/x", schema],
  ["MySQL", "mysql://u:geheim@127.0.0.1:5612/x", mysqlSchema],
])("a server of %s that does not run", async (name, url, tables) => {
  const text = await failure(open(url, tables));
  expect(text).toContain(
    `Cannot use ${name} at 127.0.0.1:5612/x: the server does not answer (connect ECONNREFUSED 127.0.0.1:5612).`,
  );
  expect(text).not.toContain("geheim");
});

test.each([
  ["postgres://postgres@127.0.0.1:5432", "names no database: end it with /name-of-the-database"],
  ["postgres://u:geheim@127.0.0.1:5432/?sslmode=require", "names no database: end it with"],
  ["postgres://u:geheim@host/?driver=neon", "names no database: end it with"],
  ["postgres://u@/?host=/run/postgresql", "names no database: end it with"],
  [
    "postgres://",
    "names no user and no database: it is expected to be like postgres://user:password@host:5432/database",
  ],
])("an address without a database name is refused: %s", async (url, words) => {
  const text = await failure(open(url));
  expect(text).toContain(words);
  expect(text).not.toContain("geheim");
});

test("a server of Neon that does not run", async () => {
  const text = await failure(open("postgres://u:geheim@127.0.0.1:5432/x?driver=neon&wsproxy=ws://127.0.0.1:5612/"));
  expect(text).toContain(
    "Cannot use Neon at 127.0.0.1/x: the server does not answer (a WebSocket could not be opened)",
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

test("an unknown error of a server is quoted, and the server is not said to be unreachable", async () => {
  const server = await refusing("42501", "s3cr3t is not permitted");
  const { port } = server.address() as AddressInfo;
  const text = await failure(open(`postgres://u:s3cr3t@127.0.0.1:${port}/x`));
  expect(text).toContain('connecting failed with "*** is not permitted".');
  expect(text).not.toMatch(/s3cr3t|does not answer/);
  server.close();
});

test.each([
  ["says nothing to it", () => {}],
  ["hangs up", (socket: Socket) => socket.destroy()],
])("a server that %s does not answer", async (_, answer) => {
  const server = createServer((socket) => socket.on("error", () => {}).once("data", () => answer(socket)));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const text = await failure(
    openPostgres({ url: `postgres://u@127.0.0.1:${port}/x`, schema, log, connectTimeoutMs: 200 }),
  );
  expect(text).toContain("the server does not answer");
  server.close();
});

test("a server without TLS, at an address that asks for TLS", async () => {
  const server = createServer((socket) => socket.on("error", () => {}).once("data", () => socket.end("N")));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const text = await failure(open(`postgres://u:geheim@127.0.0.1:${port}/x?sslmode=verify-full`));
  expect(text).toContain(
    "the server has no TLS, which DATABASE_URL asks for. Turn it on at the server, or take sslmode",
  );
  expect(text).not.toContain("geheim");
  server.close();
});

test("certificate files that cannot be read, or that the driver does not support", async () => {
  const address = "postgres://u:geheim@127.0.0.1:5612/x?sslmode=verify-full&sslrootcert=";
  const missing = await failure(open(`${address}/nowhere/ca.pem`));
  expect(missing).toContain("names the certificate file /nowhere/ca.pem, which cannot be read (ENOENT)");
  expect(await failure(open(`${address}${tmpdir()}`))).toContain("a certificate file, which cannot be read (EISDIR)");
  expect(await failure(open(`${address}/nowhere/ca.pem&driver=neon`))).toContain(
    "Take sslrootcert, sslcert and sslkey",
  );
});

/** A server that asks for a password as PostgreSQL does since version 10. */
async function askingForPassword(): Promise<Server> {
  const authentication = (kind: number, rest: string): Buffer => {
    const header = Buffer.from([82, 0, 0, 0, 8 + rest.length, 0, 0, 0, kind]);
    return Buffer.concat([header, Buffer.from(rest)]);
  };
  const server = createServer((socket) =>
    socket
      .once("data", () => {
        socket.write(authentication(10, "SCRAM-SHA-256\0\0"));
        socket.once("data", () => socket.write(authentication(11, "r=nonce,s=c2FsdA==,i=4096")));
      })
      .on("error", () => {}),
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

test("a server that asks for a password, and an address without one", async () => {
  const server = await askingForPassword();
  const { port } = server.address() as AddressInfo;
  const text = await failure(open(`postgres://u@127.0.0.1:${port}/x`));
  expect(text.split("\n")[0]).toMatch(/^Cannot use PostgreSQL .*: the server does not accept this user and password/);
  server.close();
});

await describeWithPostgres("PostgreSQL", (server) => {
  test("an address of a server opens it, named without the password", async () => {
    const url = new URL(server.url);
    url.password = "geheim";
    const driver = await open(url.href);
    expect(driver.description).toBe(`PostgreSQL at ${url.host}${url.pathname}`);
    expect(await ownTables(driver)).toEqual([]);
    await driver.close();
  });

  test("a database that does not exist", async () => {
    const url = new URL(server.url);
    url.pathname = "/no_such_database";
    expect(await failure(open(url.href))).toContain("no database of that name. Create it");
  });
});

await describeWithMysql("MySQL or MariaDB", (server) => {
  test("an address of a server opens it, named without the password", async () => {
    const driver = await open(server.url, mysqlSchema);
    const { host, pathname } = new URL(server.url);
    expect(driver.description).toMatch(/^(MySQL|MariaDB) at /);
    expect(driver.description.endsWith(` at ${host}${pathname}`)).toBe(true);
    expect(await ownTables(driver)).toEqual([]);
    await driver.close();
  });

  test.each([
    ["a wrong password", { username: "stranger", password: "geheim" }, "does not accept this user and password"],
    ["a database that does not exist", { pathname: "/no_such_database" }, "no database of that name. Create it"],
    ["no name of a database", { pathname: "/" }, "names no database"],
  ])("%s", async (_, change, words) => {
    const text = await failure(open(Object.assign(new URL(server.url), change).href, mysqlSchema));
    expect(text).toContain(words);
    expect(text).not.toContain("geheim");
  });
});
