import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import pg from "pg";
import { startWebsocketProxy } from "../tests/support/databases/contract/websocket-proxy.ts";
import { onDialect } from "./functions/on-dialect.ts";
import * as schema from "./functions/schema.ts";
import type { DatabasePlace } from "./server/database.ts";

/** Makes empty databases of one kind, one for each server. They are deleted when the bench ends. */
export interface Database {
  readonly name: string;
  create(): Promise<DatabasePlace>;
}

export interface Databases extends AsyncDisposable {
  readonly embedded: Database;
  readonly sqlite: Database;
  /** Undefined if no server can be reached. */
  readonly postgres: Database | undefined;
  /** These and all others that can be reached. The others are empty: only programs that create their tables can use them. */
  readonly all: readonly Database[];
}

const mysqlAddress = process.env.TEST_MYSQL_URL ?? "mysql://root@127.0.0.1:3306/test";
const address = process.env.TEST_POSTGRES_URL ?? "postgres://postgres@127.0.0.1:5432/test";

export async function findDatabases(): Promise<Databases> {
  const folder = await mkdtemp(join(tmpdir(), "convex-lite-bench-"));
  const names: string[] = [];
  const tables = await writeTables();
  const sqliteTables = await writeSqliteTables();
  let directories = 0;
  const reachable = await run("select 1").then(
    () => true,
    () => false,
  );
  const directory = () => join(folder, String(++directories));
  const embedded: Database = { name: "embedded", create: async () => ({ directory: directory(), tables }) };
  const sqlite: Database = {
    name: "SQLite",
    create: async () => {
      const place = directory();
      return { directory: place, url: `file:${place}.sqlite`, dialect: "sqlite", tables: sqliteTables };
    },
  };
  const inServer = async (): Promise<URL> => {
    const name = `convex_lite_bench_${process.pid}_${names.length}`;
    await run(`create database ${name}`);
    names.push(name);
    const url = new URL(address);
    url.pathname = `/${name}`;
    return url;
  };
  const postgres: Database = {
    name: "PostgreSQL",
    create: async () => ({ directory: directory(), url: (await inServer()).href, tables }),
  };
  const proxy = reachable ? await startWebsocketProxy() : undefined;
  const neon: Database = {
    name: "Neon's driver",
    async create() {
      const url = await inServer();
      url.searchParams.set("driver", "neon");
      url.searchParams.set("wsproxy", `ws://127.0.0.1:${proxy?.port}/port-${url.port || 5432}`);
      return { directory: directory(), url: url.href, tables: [] };
    },
  };
  const mysqlNames: string[] = [];
  const mysql: Database = {
    name: "MySQL or MariaDB",
    async create() {
      const name = `convex_lite_bench_${process.pid}_${mysqlNames.length}`;
      await runInMysql(`create database ${name} character set utf8mb4`);
      mysqlNames.push(name);
      const url = new URL(mysqlAddress);
      url.pathname = `/${name}`;
      return { directory: directory(), url: url.href, dialect: "mysql", tables: [] };
    },
  };
  const hasMysql = await runInMysql("select 1").then(
    () => true,
    () => false,
  );
  return {
    embedded,
    sqlite,
    postgres: reachable ? postgres : undefined,
    all: [embedded, sqlite, ...(reachable ? [postgres, neon] : []), ...(hasMysql ? [mysql] : [])],
    async [Symbol.asyncDispose]() {
      await proxy?.close();
      for (const name of names) await run(`drop database if exists ${name} with (force)`);
      for (const name of mysqlNames) await runInMysql(`drop database ${name}`);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type KitApi = typeof import("drizzle-kit/api");

/** The statements that create the tables of the bench's schema. */
async function writeTables(): Promise<string[]> {
  const kit = createRequire(import.meta.url)("drizzle-kit/api") as KitApi;
  return kit.generateMigration(kit.generateDrizzleJson({}), kit.generateDrizzleJson(schema));
}

/** The same for SQLite. */
async function writeSqliteTables(): Promise<string[]> {
  const kit = createRequire(import.meta.url)("drizzle-kit/api") as KitApi;
  const { schema } = onDialect("sqlite");
  return kit.generateSQLiteMigration(
    await kit.generateSQLiteDrizzleJson({}),
    await kit.generateSQLiteDrizzleJson(schema),
  );
}

async function run(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: address, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function runInMysql(sql: string): Promise<void> {
  const connection = await createConnection({ uri: mysqlAddress, connectTimeout: 2_000 });
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}
