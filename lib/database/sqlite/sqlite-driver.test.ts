import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, describe, expect, test } from "vitest";
import { behavesAsDriver } from "../../../tests/support/databases/behaves-as-driver.ts";
import { patience } from "../../../tests/support/patience.ts";
import { UnusableDatabaseError } from "../driver/database-errors.ts";
import { DirectoryInUseError } from "../driver/directory-lock.ts";
import type { Driver } from "../driver/driver.ts";
import { inTransaction } from "../internal/database-lock.ts";
import { openSqlite } from "./sqlite-driver.ts";

const log = { info() {}, warn() {}, error() {} };
const folder = await mkdtemp(join(tmpdir(), "convex-lite-sqlite-"));
const files = Array.from({ length: 20 }, (_, i) => join(folder, `${i}.sqlite`));
const newFile = (): string => files.pop() ?? expect.unreachable("there are files enough");
const children: ChildProcess[] = [];
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(folder, { recursive: true });
});

behavesAsDriver("SQLite", {
  dialect: "sqlite",
  open: ({ port: _, ...options }) => openSqlite({ file: newFile(), log, ...options }),
  writersConflict: false,
  // Only one driver at a time may have a file open.
  reopens: false,
});

const open = (file: string, connectTimeoutMs = patience.fact): Promise<Driver> =>
  openSqlite({ file, schema: {}, log, connectTimeoutMs });
const define = (driver: Driver, ...statements: string[]): Promise<void> =>
  inTransaction(driver, "define", async (connection) => {
    for (const statement of statements) await connection.execute(statement);
  });
const rows = (driver: Driver, statement: string): Promise<Record<string, unknown>[]> =>
  inTransaction(driver, "read", (connection) => connection.execute(statement));

/** Starts a process that runs this code, with `openSqlite` and the file's path in scope. */
async function start(file: string, code: string): Promise<ChildProcess> {
  const program = join(folder, `program-${children.length}.mjs`);
  const driver = JSON.stringify(new URL("./sqlite-driver.ts", import.meta.url).href);
  await writeFile(
    program,
    `import { openSqlite } from ${driver};
     const file = ${JSON.stringify(file)}, log = { info() {}, warn() {}, error() {} };
     ${code}`,
  );
  const child = fork(program, { execArgv: [] });
  children.push(child);
  return child;
}

describe("a SQLite file", () => {
  test("keeps its foreign keys on when they cannot be checked", async () => {
    const file = newFile();
    const other = new Database(file);
    // Another tool made a foreign key to a column that is not unique.
    other.exec("create table lists (id integer, name text)");
    other.exec("create table items (list integer references lists (name))");
    other.exec("create table tags (id integer primary key); create table tagged (tag integer references tags (id))");
    other.close();
    const driver = await open(file);
    await expect(define(driver, "create table more (id integer)")).rejects.toThrow("foreign key mismatch");
    const orphan = inTransaction(driver, "write", (connection) => connection.execute("insert into tagged values (7)"));
    await expect(orphan).rejects.toThrow("FOREIGN KEY constraint failed");
    await driver.close();
  });

  test("is locked for one server, also when a symbolic link names it", async () => {
    const file = newFile();
    const driver = await open(file);
    const link = `${file}.link`;
    await symlink(file, link);
    await expect(open(link)).rejects.toThrow(DirectoryInUseError);
    await driver.close();
  });

  test("is locked for one server: a second is refused, and the error names the file, the owner and what to do", async () => {
    const file = newFile();
    const driver = await open(file);
    // A server that waited for the lock would wait longer than this test may take.
    const refusal = await open(file, 2 * patience.test).then(
      () => expect.unreachable("it should be refused"),
      (error: unknown) => error as Error,
    );
    expect(refusal).toBeInstanceOf(DirectoryInUseError);
    expect(refusal.message).toContain(`${file} is in use by process ${process.pid}`);
    expect(refusal.message).toContain("set DATABASE_URL to another file");
    await driver.close();
    await (await open(file)).close();
  });

  test("keeps every acknowledged row through kill -9, and its lock is released at once", async () => {
    const file = newFile();
    const child = await start(
      file,
      `const driver = await openSqlite({ file, schema: {}, log });
       for (let id = 0; ; id++) {
         const connection = await driver.connect();
         await connection.begin(id === 0 ? "define" : "write");
         if (id === 0) await connection.execute("create table written (id integer primary key)");
         await connection.change("insert into written values ($1)", [id]);
         await connection.commit();
         connection.release();
         if (id % 20 === 0) await new Promise((resolve) => process.send(id, resolve));
       }`,
    );
    let acknowledged = -1;
    await new Promise<void>((resolve) => {
      child.on("message", (id) => {
        acknowledged = Number(id);
        if (acknowledged >= 1_000) resolve();
      });
    });
    child.kill("SIGKILL");
    await once(child, "exit");
    const driver = await open(file);
    const [found] = await rows(driver, "select count(*) as count, max(id) as last from written");
    expect(Number(found?.last)).toBeGreaterThanOrEqual(acknowledged);
    expect(found?.count).toBe(Number(found?.last) + 1);
    await driver.close();
  });

  test("may be written by a tool: the server's writes wait, its reads do not, and it sees what the tool wrote", async () => {
    const file = newFile();
    const driver = await open(file);
    await define(driver, "create table things (id integer primary key)");
    const tool = new Database(file);
    tool.exec("begin immediate; insert into things values (1)");
    const order: string[] = [];
    const writing = inTransaction(driver, "write", (connection) => connection.execute("insert into things values (2)"));
    void writing.then(() => order.push("wrote"));
    for (let i = 0; i < 5; i++) {
      expect(await rows(driver, "select id from things")).toEqual([]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    order.push("tool commits");
    tool.exec("commit");
    await writing;
    expect(order).toEqual(["tool commits", "wrote"]);
    // SQLite's own wait would block the process.
    const waiting = await inTransaction(driver, "write", (connection) => connection.execute("pragma busy_timeout"));
    expect(waiting).toEqual([{ timeout: 0 }]);
    expect(await rows(driver, "select id from things")).toEqual([{ id: 1 }, { id: 2 }]);
    tool.close();
    await driver.close();
  });

  test("that a tool keeps locked fails after the time allowed", async () => {
    const file = newFile();
    const driver = await open(file, 100);
    const tool = new Database(file);
    tool.exec("begin immediate");
    const connection = await driver.connect();
    const error = await connection.begin("write").catch((reason: unknown) => reason);
    expect(driver.classify(error)).toBe("connectionLost");
    expect(String(error)).toContain("another process has been writing");
    connection.release();
    tool.exec("rollback");
    tool.close();
    await inTransaction(driver, "write", async () => {});
    await driver.close();
  });

  test("keeps the rows that refer to a table which is rebuilt", async () => {
    const driver = await open(newFile());
    await define(
      driver,
      "create table lists (id integer primary key, name text)",
      "create table items (id integer primary key, list integer references lists (id) on delete cascade)",
      "insert into lists values (1, 'one')",
      "insert into items values (1, 1)",
    );
    await define(
      driver,
      "pragma foreign_keys = off",
      "create table __new_lists (id integer primary key, name text not null)",
      "insert into __new_lists select * from lists",
      "drop table lists",
      "alter table __new_lists rename to lists",
      "pragma foreign_keys = on",
    );
    expect(await rows(driver, "select id, list from items")).toEqual([{ id: 1, list: 1 }]);
    await expect(define(driver, "delete from lists")).rejects.toThrow("refer to rows that do not exist");
    expect(await rows(driver, "select id from lists")).toHaveLength(1);
    // Outside of a "define", foreign keys are enforced.
    await inTransaction(driver, "write", (connection) => connection.execute("delete from lists"));
    expect(await rows(driver, "select id from items")).toEqual([]);
    await driver.close();
  });

  test("that is not a database is refused with an error that says so, and nothing is left beside it", async () => {
    const inFolder = join(folder, "documents");
    await mkdir(inFolder);
    const file = join(inFolder, "diary");
    await writeFile(file, "Dear diary, today I was taken for a database. ".repeat(100));
    await expect(open(file)).rejects.toThrow(`The SQLite file ${file} cannot be opened: file is not a database.`);
    await expect(open(inFolder)).rejects.toThrow(`The SQLite file ${inFolder} cannot be opened: it is a directory.`);
    await expect(open(join(folder, "nowhere", "x.sqlite"))).rejects.toThrow("there is no directory");
    expect(await readdir(inFolder)).toEqual(["diary"]);
    expect(await readdir(folder)).not.toContain("documents.lock");
  });

  test("in a directory that this user may not write is refused with an error that says so", async () => {
    const file = newFile();
    // A directory in place of the lock file, because root may write to every directory.
    await mkdir(`${file}.lock`);
    const refusal = await open(file).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UnusableDatabaseError);
    expect(String(refusal)).toContain(`${file} cannot be opened: ${file}.lock`);
    expect(String(refusal)).toContain(`May this user write in ${folder}?`);
  });

  test("that is closed during a transaction keeps nothing of it", async () => {
    const file = newFile();
    const driver = await open(file);
    await define(driver, "create table things (id integer primary key)");
    const connection = await driver.connect();
    await connection.begin("write");
    await connection.execute("insert into things values (1)");
    await driver.close();
    const error = await connection.execute("select 1").catch((reason: unknown) => reason);
    expect(driver.classify(error)).toBe("connectionLost");
    await connection.rollback();
    connection.release();
    const again = await open(file);
    expect(await rows(again, "select id from things")).toEqual([]);
    await again.close();
  });
});
