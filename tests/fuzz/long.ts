/**
 * `pnpm test:long <seconds> [first seed]`: fuzzer and simulation for so long, side by side, from a seed that differs each
 * time unless one is given. The databases share the fuzzer's time. Says how many seeds it ran, and the first that failed
 * with the command that repeats it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
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
await take("PostgreSQL, TEST_POSTGRES_URL", [inPostgres, throughNeon]);
await take("MySQL or MariaDB, TEST_MYSQL_URL", [inMysql]);

const codes = await Promise.all([simulateBoth(), fuzzOnEach()]);
for (const { remove } of databases) await remove();
process.exitCode = Math.max(...codes);

/** Half of the time no client changes its identity. */
async function simulateBoth(): Promise<number> {
  const half = Number(seconds) / 2;
  const path = "simulation/run-seeds.ts";
  return Math.max(await run(path, half, "stay"), await run(path, half, "change"));
}

async function fuzzOnEach(): Promise<number> {
  const codes: number[] = [];
  for (const { url } of databases) {
    codes.push(await run("fuzz/run-seeds.ts", Number(seconds) / databases.length, ...(url === "" ? [] : [url])));
  }
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

async function inPostgres(): Promise<(typeof databases)[number]> {
  await inServer(`create database ${name}`);
  return { url: withPath(postgres, name), remove: () => inServer(`drop database ${name} with (force)`) };
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
