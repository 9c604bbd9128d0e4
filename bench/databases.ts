import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import * as schema from "./functions/schema.ts";
import type { DatabasePlace } from "./server/database.ts";

/** Empty databases of one kind, one for each server, gone when the bench ends. */
export interface Database {
  readonly name: string;
  create(): Promise<DatabasePlace>;
}

export interface Databases extends AsyncDisposable {
  readonly embedded: Database;
  /** Undefined when no server can be reached. */
  readonly postgres: Database | undefined;
}

const address = process.env.TEST_POSTGRES_URL ?? "postgres://postgres@127.0.0.1:5432/test";

export async function findDatabases(): Promise<Databases> {
  const folder = await mkdtemp(join(tmpdir(), "convex-lite-bench-"));
  const names: string[] = [];
  const tables = await writeTables();
  let directories = 0;
  const reachable = await run("select 1").then(
    () => true,
    () => false,
  );
  const directory = () => join(folder, String(++directories));
  return {
    embedded: { name: "embedded", create: async () => ({ directory: directory(), tables }) },
    postgres: reachable
      ? {
          name: "PostgreSQL",
          async create() {
            const name = `convex_lite_bench_${process.pid}_${names.length}`;
            await run(`create database ${name}`);
            names.push(name);
            const url = new URL(address);
            url.pathname = `/${name}`;
            return { directory: directory(), url: url.href, tables };
          },
        }
      : undefined,
    async [Symbol.asyncDispose]() {
      for (const name of names) await run(`drop database if exists ${name} with (force)`);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type KitApi = typeof import("drizzle-kit/api");

/** The statements that make the tables of the bench's schema. */
async function writeTables(): Promise<string[]> {
  const kit = createRequire(import.meta.url)("drizzle-kit/api") as KitApi;
  return kit.generateMigration(kit.generateDrizzleJson({}), kit.generateDrizzleJson(schema));
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
