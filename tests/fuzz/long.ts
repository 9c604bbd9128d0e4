/**
 * `pnpm test:long <seconds> [first seed]`: fuzzer and simulation for so long, side by side, from a seed that differs each
 * time unless one is given. Says how many seeds it ran, and the first that failed with the command that repeats it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import pg from "pg";

const [seconds = "60", given] = process.argv.slice(2).filter((argument) => argument !== "--");
if (!(Number(seconds) > 0)) throw new Error(`Expected seconds, such as: pnpm test:long 600. Found: ${seconds}.`);
const first = given ?? String(Math.floor(Date.now() / 1000) % 10_000_000);
console.log(`From seed ${first}, for ${seconds} s.`);

const server = process.env.TEST_POSTGRES_URL ?? "postgres://postgres@127.0.0.1:5432/test";
const database = `convex_lite_long_${process.pid}`;
const hasPostgres = await sql(`create database ${database}`).then(
  () => true,
  () => false,
);
const codes = await Promise.all([simulateBoth(), fuzzOnBoth()]);
if (hasPostgres) await sql(`drop database ${database} with (force)`);
process.exitCode = Math.max(...codes);

/** Half of the time people stay who they are. */
async function simulateBoth(): Promise<number> {
  const half = Number(seconds) / 2;
  const path = "simulation/run-seeds.ts";
  return Math.max(await run(path, half, "stay"), await run(path, half, "change"));
}

/** Half of the time on each database; all of it on the embedded one where there is no other. */
async function fuzzOnBoth(): Promise<number> {
  if (!hasPostgres) {
    console.log("fuzzer on PostgreSQL: left out, no server; set TEST_POSTGRES_URL");
    return run("fuzz/run-seeds.ts");
  }
  const url = new URL(server);
  url.pathname = `/${database}`;
  const half = Number(seconds) / 2;
  return Math.max(await run("fuzz/run-seeds.ts", half), await run("fuzz/run-seeds.ts", half, url.href));
}

async function run(script: string, time = Number(seconds), ...rest: string[]): Promise<number> {
  const path = join(import.meta.dirname, "..", script);
  const child = spawn(process.execPath, [path, first, `${time}s`, ...rest], { stdio: "inherit" });
  const [code] = await once(child, "exit");
  return Number(code ?? 1);
}

async function sql(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
