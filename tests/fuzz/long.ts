/**
 * `pnpm test:long <seconds> [first seed]`, from a seed that differs each time unless one is given. Half of the time:
 * fuzzer and simulation, side by side, on every database. A quarter: the bank, whose server is killed, on PGlite, SQLite
 * and PostgreSQL. A quarter: the hostile crowd, on PGlite and PostgreSQL. Says what was done, and of what failed the
 * command that repeats it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import pg from "pg";
import { startWebsocketProxy } from "../support/databases/contract/websocket-proxy.ts";
import { patience } from "../support/patience.ts";

const [seconds = "60", given] = process.argv.slice(2).filter((argument) => argument !== "--");
if (!(Number(seconds) > 0)) throw new Error(`Expected seconds, such as: pnpm test:long 600. Found: ${seconds}.`);
const first = given ?? String(Math.floor(Date.now() / 1000) % 10_000_000);
console.log(`From seed ${first}, for ${seconds} s.`);

const postgres = process.env.TEST_POSTGRES_URL ?? "postgres://postgres@127.0.0.1:5432/test";
const mysql = process.env.TEST_MYSQL_URL ?? "mysql://root@127.0.0.1:3306/test";
const name = `convex_lite_long_${process.pid}`;

/** New databases: how to open them, and how to remove them. */
const databases: { url: string; remove(): Promise<void> }[] = [];
for (const url of ["", "file:"]) databases.push({ url, remove: async () => {} });
await take("PostgreSQL, TEST_POSTGRES_URL", [() => inPostgres(name), throughNeon]);
await take("MySQL or MariaDB, TEST_MYSQL_URL", [inMysql]);

const codes = await Promise.all([simulateBoth(), fuzzOnEach()]);
// Alone: the crowd takes all that a machine has, and clients of the bank must not be kept from coming back.
for (const script of ["bank/run.ts", "crowd/run.ts"]) codes.push(await onRealServers(script));
for (const { remove } of databases) await remove();
process.exitCode = Math.max(...codes);

/** Half of the time no client changes its identity. */
async function simulateBoth(): Promise<number> {
  const half = Number(seconds) / 4;
  const path = "simulation/run-seeds.ts";
  return Math.max(await run(path, half, "stay"), await run(path, half, "change"));
}

async function fuzzOnEach(): Promise<number> {
  const codes: number[] = [];
  for (const { url } of databases) {
    codes.push(await run("fuzz/run-seeds.ts", Number(seconds) / 2 / databases.length, ...(url === "" ? [] : [url])));
  }
  return Math.max(...codes);
}

/** A script that starts servers of its own, each on an empty database. */
async function onRealServers(script: string): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "convex-lite-long-"));
  const sqlite = script.startsWith("bank") ? [`file:${join(directory, "bank.sqlite")}`] : [];
  const empty = await inPostgres(`${name}_${script.slice(0, script.indexOf("/"))}`).catch(() => undefined);
  const urls = [undefined, ...sqlite, ...(empty ? [empty.url] : [])];
  const codes: number[] = [];
  for (const url of urls) codes.push(await run(script, Number(seconds) / 4 / urls.length, ...(url ? [url] : [])));
  await empty?.remove();
  await rm(directory, { recursive: true, force: true });
  return Math.max(...codes);
}

/** Leaves out what needs a server that is not there. */
async function take(server: string, kinds: (() => Promise<(typeof databases)[number]>)[]): Promise<void> {
  for (const make of kinds) {
    try {
      databases.push(await make());
    } catch (error) {
      console.log(`left out, no server (${server}): ${error instanceof Error ? error.message : error}`);
    }
  }
}

async function inPostgres(database: string): Promise<(typeof databases)[number]> {
  await inServer(`create database ${database}`);
  return { url: withPath(postgres, database), remove: () => inServer(`drop database ${database} with (force)`) };
}

async function throughNeon(): Promise<(typeof databases)[number]> {
  const database = `${name}_neon`;
  await inServer(`create database ${database}`);
  const proxy = await startWebsocketProxy();
  const url = new URL(withPath(postgres, database));
  url.searchParams.set("driver", "neon");
  url.searchParams.set("wsproxy", `ws://127.0.0.1:${proxy.port}/port-${url.port || 5432}`);
  const remove = async () => {
    await proxy.close();
    await inServer(`drop database ${database} with (force)`);
  };
  return { url: url.href, remove };
}

async function inMysql(): Promise<(typeof databases)[number]> {
  const send = async (sql: string) => {
    const connection = await createConnection({ uri: mysql, connectTimeout: patience.fact });
    await connection.query(sql);
    await connection.end();
  };
  await send(`create database ${name} character set utf8mb4`);
  return { url: withPath(mysql, name), remove: () => send(`drop database ${name}`) };
}

function withPath(address: string, database: string): string {
  const url = new URL(address);
  url.pathname = `/${database}`;
  return url.href;
}

async function run(script: string, time: number, ...rest: string[]): Promise<number> {
  const path = join(import.meta.dirname, "..", script);
  const child = spawn(process.execPath, [path, first, `${time}s`, ...rest], { stdio: "inherit" });
  const [code] = await once(child, "exit");
  return Number(code ?? 1);
}

async function inServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgres, connectionTimeoutMillis: patience.fact });
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
