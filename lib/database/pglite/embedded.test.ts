import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { patience } from "../../../tests/support/patience.ts";
import { DirectoryInUseError, lockDirectory } from "../driver/directory-lock.ts";
import { inTransaction } from "../internal/database-lock.ts";
import { openPglite } from "./pglite-driver.ts";
import { PortStream } from "./port-stream.ts";

const log = { info() {}, warn() {}, error() {} };
let folder: string;
let directory: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "convex-lite-embedded-"));
  directory = join(folder, ".convex", "pglite");
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** Writes a module that runs this code, with the embedded database's functions imported. */
async function program(code: string, env: Record<string, string> = {}): Promise<string> {
  const file = join(folder, `program-${children.length}-${process.hrtime.bigint()}.mjs`);
  const at = (name: string): string => JSON.stringify(new URL(`./${name}.ts`, import.meta.url).href);
  await writeFile(
    file,
    `import { openPglite } from ${at("pglite-driver")}; import { lockDirectory } from ${at("../driver/directory-lock")};
     const log = { info() {}, warn() {}, error() {} }, directory = ${JSON.stringify(directory)};
     const env = ${JSON.stringify(env)}; Object.assign(process.env, env);
     ${code}`,
  );
  return file;
}

async function start(code: string): Promise<ChildProcess> {
  const child = fork(await program(code), { execArgv: [] });
  children.push(child);
  return child;
}

test("a second process is refused, and the error names the directory, the owner and what to do", async () => {
  const driver = await openPglite({ directory, schema: {}, log });
  const file = await program(
    "await openPglite({ directory, schema: {}, log }).catch((error) => console.log(error.message));",
  );
  // The second process does not wait for the first, which is closed only after the second has ended.
  const second = spawnSync(process.execPath, [file], { encoding: "utf8", timeout: patience.fact });
  expect(second.stdout).toContain(directory);
  expect(second.stdout).toContain(`process ${process.pid}`);
  expect(second.stdout).toContain("DATABASE_URL");
  expect(second.stderr).toBe("");
  await driver.close();
});

test("a second driver in the same process is refused, and close releases the directory", async () => {
  const driver = await openPglite({ directory, schema: {}, log });
  await expect(openPglite({ directory, schema: {}, log })).rejects.toThrow(DirectoryInUseError);
  await driver.close();
  lockDirectory(directory).release();
});

test("every acknowledged row survives kill -9, and the lock ends with its process", async () => {
  const child = await start(`
    const driver = await openPglite({ directory, schema: {}, log });
    for (let id = 0; ; id++) {
      const connection = await driver.connect();
      await connection.begin("write");
      if (id === 0) await connection.execute("create table written (id integer primary key)");
      await connection.execute("insert into written values ($1)", [id]);
      await connection.commit();
      connection.release();
      process.send(id);
    }`);
  let acknowledged = -1;
  await new Promise<void>((resolve) => {
    child.on("message", (id: number) => {
      acknowledged = id;
      if (id === 300) resolve();
    });
  });
  await expect(openPglite({ directory, schema: {}, log })).rejects.toThrow(`process ${child.pid}`);
  child.kill("SIGKILL");
  await once(child, "exit");
  const driver = await openPglite({ directory, schema: {}, log });
  const [row] = await inTransaction(driver, "read", (connection) =>
    connection.execute("select count(*)::int as count, max(id) as newest from written"),
  );
  expect(row?.newest).toBeGreaterThanOrEqual(acknowledged);
  expect(row?.count).toBe(Number(row?.newest) + 1);
  await driver.close();
});

test("a process that dies while it creates the directory leaves nothing that the next one opens as a database", async () => {
  await mkdir(`${directory}.unfinished`, { recursive: true });
  await writeFile(join(`${directory}.unfinished`, "half-a-file"), "");
  const driver = await openPglite({ directory, schema: {}, log });
  await inTransaction(driver, "read", (connection) => connection.execute("select 1"));
  await driver.close();
  expect(await readdir(directory)).not.toContain("half-a-file");
  expect(await readdir(join(directory, ".."))).not.toContain("pglite.unfinished");
});

test("a directory that holds something else is refused, and the error names it and says what to do", async () => {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "PG_VERSION"), "12\n");
  await expect(openPglite({ directory, schema: {}, log })).rejects.toThrow(
    /pglite cannot be opened.*move the directory away/,
  );
  // The lock was released.
  lockDirectory(directory).release();
});

describe("the first time on a machine", () => {
  const openAndClose = "await (await openPglite({ directory: process.argv[2], schema: {}, log })).close();";
  const run = async (env: Record<string, string>, which: string): Promise<number | null> => {
    const child = fork(await program(openAndClose, env), [join(folder, which)], { execArgv: [], cwd: folder });
    children.push(child);
    const [code] = (await once(child, "exit")) as [number | null];
    return code;
  };

  test("two processes that start at the same time both start, and leave one image", async () => {
    const cache = join(folder, "cache");
    expect(await Promise.all([run({ XDG_CACHE_HOME: cache }, "a"), run({ XDG_CACHE_HOME: cache }, "b")])).toEqual([
      0, 0,
    ]);
    expect(await readdir(join(cache, "convex-lite"))).toHaveLength(1);
  });

  test("a cache that cannot be written is replaced by the next place", async () => {
    // A file where the folder should be: not even root can create a folder in it.
    await writeFile(join(folder, "occupied"), "");
    await writeFile(join(folder, "node_modules"), "");
    expect(await run({ XDG_CACHE_HOME: join(folder, "occupied"), TMPDIR: folder }, "c")).toBe(0);
  });
});

test("values mean the same when a tool has made settings for the whole database", async () => {
  await openPglite({ directory, schema: {}, log }).then((driver) => driver.close());
  const tool = await PGlite.create({ dataDir: directory });
  for (const made of ["timezone = 'Asia/Tokyo'", "datestyle = 'German'", "bytea_output = 'escape'"]) {
    await tool.exec(`alter system set ${made}`);
  }
  await tool.close();
  const driver = await openPglite({ directory, schema: {}, log });
  const [seen] = await inTransaction(driver, "read", (connection) =>
    connection.execute(
      "select current_setting('timezone') as zone, '2026-03-04'::date::text as day, '\\xff'::bytea::text as bytes",
    ),
  );
  expect(seen).toEqual({ zone: "UTC", day: "2026-03-04", bytes: "\\xff" });
  await driver.close();
});

test("statements that are sent again go on when a tool that was connected beside them leaves", async () => {
  const driver = await openPglite({ directory, schema: {}, log });
  const read = (n: number) =>
    inTransaction(driver, "read", (connection) => connection.execute("select $1::int as n", [n]));
  for (let i = 0; i < 4; i++) {
    for (let n = 0; n < 3; n++) expect(await read(n)).toEqual([{ n }]);
    const tool = new pg.Client({
      user: "postgres",
      database: "postgres",
      stream: () => new PortStream(() => driver.openPort()) as never,
    });
    await tool.connect();
    await tool.query("select 1");
    // What it has left is discarded with it, and prepared statements of all with that.
    await tool.end();
    await driver.connect().then((connection) => connection.release());
  }
  await driver.close();
});

test("a statement whose table is changed meanwhile loses its connection once, and answers by the new table then", async () => {
  const driver = await openPglite({ directory, schema: {}, log });
  const run = (sql: string) => inTransaction(driver, "define", (connection) => connection.execute(sql));
  const read = () =>
    inTransaction(driver, "read", (connection) => connection.execute("select * from changing where id = $1", [1]));
  await run("create table changing (id integer)");
  await run("insert into changing values (1)");
  for (let i = 0; i < 3; i++) expect(await read()).toEqual([{ id: 1 }]);
  await run("alter table changing add column name text");
  const failure = await read().catch((error) => driver.classify(error));
  expect(failure).toBe("connectionLost");
  expect(await read()).toEqual([{ id: 1, name: null }]);
  await driver.close();
});
