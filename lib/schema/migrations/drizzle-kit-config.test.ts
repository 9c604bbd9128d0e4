import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { integer, sqliteTable } from "drizzle-orm/sqlite-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeWithMysql } from "../../../tests/support/databases/with-mysql.ts";
import { describeWithPostgres } from "../../../tests/support/databases/with-postgres.ts";
import { patience } from "../../../tests/support/patience.ts";
import type { Driver } from "../../database/driver/driver.ts";
import { inTransaction } from "../../database/internal/database-lock.ts";
import { createInternalTables } from "../../database/internal/internal-tables.ts";
import { openDatabase } from "../../database/open-database.ts";
import { openPglite } from "../../database/pglite/pglite-driver.ts";
import { servePostgresProtocol } from "../../database/pglite/serve-postgres-protocol.ts";
import { pushSchema } from "../push-schema.ts";
import { DrizzleKitProcess } from "../snapshot/drizzle-kit-process.ts";
import { applyMigrations } from "./apply-migrations.ts";
import { readMigrations } from "./migration-files.ts";

const log = { info() {}, warn() {}, error() {} };
/** Each run of drizzle-kit takes seconds, so only `pnpm test:databases` runs all tests. */
const thorough = process.env.THOROUGH === "1";
const sqliteTables =
  'import { integer, sqliteTable } from "drizzle-orm/sqlite-core"; export const notes = sqliteTable("notes", { id: integer().primaryKey() });';
const mysqlTables =
  'import { int, mysqlTable } from "drizzle-orm/mysql-core"; export const notes = mysqlTable("notes", { id: int().autoincrement().primaryKey() });';

let project: string;
let directory: string;

/** Each test has a project of its own, with this one's packages, configuration and library. */
beforeEach(async () => {
  const here = process.cwd();
  project = await mkdtemp(join(here, "node_modules", ".kit-"));
  directory = join(project, ".convex", "pglite");
  await mkdir(join(project, "convex"));
  await writeFile(
    join(project, "convex", "schema.ts"),
    'import { integer, pgTable } from "drizzle-orm/pg-core"; export const notes = pgTable("notes", { id: integer().primaryKey() });',
  );
  await writeFile(join(project, "package.json"), '{ "type": "module" }');
  for (const name of ["lib", "node_modules", "drizzle.config.ts"]) await symlink(join(here, name), join(project, name));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  if (project) await rm(project, { recursive: true, force: true });
});
const children: ChildProcess[] = [];

test("without a server, drizzle-kit opens the embedded database itself, and a server is refused meanwhile", async () => {
  const push = drizzleKit(["push"]);
  expect(await push.code, push.output).toBe(0);
  const studio = drizzleKit(["studio", "--port", "5610"]);
  await studio.says("up and running");
  await expect(openPglite({ directory, schema: {}, log })).rejects.toThrow(
    /in use by process \d+ \(drizzle-kit studio\)/,
  );
  studio.stop();
  await studio.code;
  const driver = await openPglite({ directory, schema: {}, log });
  expect(await inTransaction(driver, "read", (connection) => connection.execute("select * from notes"))).toEqual([]);
  await driver.close();
});

test("beside a running server, push connects to that server", async () => {
  const driver = await openPglite({ directory, schema: {}, log });
  const server = await servePostgresProtocol(driver, log);
  const push = drizzleKit(["push"]);
  expect(await push.code, push.output).toBe(0);
  expect(await inTransaction(driver, "read", (connection) => connection.execute("select * from notes"))).toEqual([]);
  await createInternalTables(driver);
  expect(await pushSchema({ driver, schemaPath: join(project, "convex", "schema.ts") })).toEqual({
    status: "upToDate",
  });
  await server.close();
  await driver.close();
});

test("beside a process that serves no tools, push says which process has the database open", async () => {
  const driver = await openPglite({ directory, schema: {}, log });
  const push = drizzleKit(["push"]);
  expect(await push.code).not.toBe(0);
  expect(push.output).toContain(`is in use by process ${process.pid}`);
  await driver.close();
});

test("for a SQLite schema, push uses the file that the server has open, and leaves the framework's tables alone", async () => {
  await writeFile(join(project, "convex", "tables.ts"), sqliteTables);
  await writeFile(join(project, "convex", "schema.ts"), 'export * from "./tables.ts";');
  const schema = { notes: sqliteTable("notes", { id: integer().primaryKey() }) };
  const driver = await openDatabase({ directory: join(project, ".convex"), schema, log });
  for (let i = 0; i < 2; i++) {
    const push = drizzleKit(["push"]);
    expect(await push.code, push.output).toBe(0);
    expect(push.output).toContain(i === 0 ? "Changes applied" : "No changes detected");
  }
  const read = (sql: string) => inTransaction(driver, "read", (connection) => connection.execute(sql));
  expect(await read("select * from notes")).toEqual([]);
  expect(await read("select * from _convex_lite_meta")).not.toEqual([]);
  expect(await pushSchema({ driver, schemaPath: join(project, "convex", "schema.ts") })).toEqual({
    status: "upToDate",
  });
  await driver.close();
});

test("the snapshot that generate writes has the fingerprint of its schema, in each dialect", async () => {
  const kitProcess = new DrizzleKitProcess();
  for (const [dialect, tables] of [
    ["sqlite", sqliteTables],
    ["mysql", mysqlTables],
  ] as const) {
    await rm(join(project, "drizzle"), { recursive: true, force: true });
    await writeFile(join(project, "convex", "schema.ts"), tables);
    const generate = drizzleKit(["generate"]);
    expect(await generate.code, generate.output).toBe(0);
    const { fingerprints } = await kitProcess.read(join(project, "convex", "schema.ts"));
    expect(readMigrations(join(project, "drizzle")).at(-1)?.fingerprint).toBe(fingerprints[dialect]);
  }
  kitProcess.close();
});

/**
 * Development applies some edits before a migration is generated for each; the last edit, which it refuses, is
 * migrated.
 */
async function followGenerateMigrate(
  tables: (columns: string) => string,
  { open, url = "", besideIt }: { open: () => Promise<Driver>; url?: string; besideIt: boolean },
): Promise<void> {
  const schemaPath = join(project, "convex", "schema.ts");
  const migrations = join(project, "drizzle");
  const kit = async (command: string): Promise<void> => {
    const run = drizzleKit([command], { DATABASE_URL: url });
    expect(await run.code, run.output).toBe(0);
    expect(run.output).not.toContain("Could not find out");
  };
  const start = async (): Promise<{ driver: Driver; stop(): Promise<void> }> => {
    const driver = await open();
    const wire = await servePostgresProtocol(driver, log);
    return { driver, stop: () => wire.close().then(() => driver.close()) };
  };
  let { driver, stop } = await start();
  const migrate = async (): Promise<void> => {
    if (besideIt) return kit("migrate");
    await stop();
    await kit("migrate");
    ({ driver, stop } = await start());
  };
  for (const columns of ["", "title: text()", "title: text(), size: integer()"]) {
    await writeFile(schemaPath, tables(columns));
    expect(await pushSchema({ driver, schemaPath, migrations })).toMatchObject({ status: "applied" });
    await kit("generate");
    if (columns !== "title: text()") await migrate();
  }
  await inTransaction(driver, "write", (connection) => connection.execute("insert into notes values (1, 'kept', 2)"));

  await writeFile(schemaPath, tables("title: text()"));
  expect(await pushSchema({ driver, schemaPath, migrations })).toMatchObject({ status: "refused" });
  await kit("generate");
  await migrate();
  expect(await inTransaction(driver, "read", (connection) => connection.execute("select * from notes"))).toEqual([
    { id: 1, title: "kept" },
  ]);
  expect(await pushSchema({ driver, schemaPath, migrations })).toEqual({ status: "upToDate" });
  expect(await applyMigrations({ driver, folder: migrations, log })).toEqual({ applied: [], recognised: [] });
  await stop();
}

const pgNotes = (columns: string): string =>
  `import { integer, pgTable, text } from "drizzle-orm/pg-core"; export const notes = pgTable("notes", { id: integer().primaryKey(), ${columns} }); export const unused = [text];`;
const sqliteNotes = (columns: string): string =>
  pgNotes(columns).replace("pg-core", "sqlite-core").replaceAll("pgTable", "sqliteTable");

describe("migrate does not run a migration whose changes development has made before", () => {
  const sqlite = { notes: sqliteTable("notes", { id: integer().primaryKey() }) };
  const openFile = () => openDatabase({ directory: join(project, ".convex"), schema: sqlite, log });
  const openEmbedded = () => openDatabase({ directory: join(project, ".convex"), schema: {}, log });

  test("beside a server with the embedded PostgreSQL", () =>
    followGenerateMigrate(pgNotes, { open: openEmbedded, besideIt: true }));
  test.runIf(thorough)("beside a server with a SQLite file", () =>
    followGenerateMigrate(sqliteNotes, { open: openFile, besideIt: true }),
  );
  test.runIf(thorough)("without a server, in the embedded PostgreSQL", () =>
    followGenerateMigrate(pgNotes, { open: openEmbedded, besideIt: false }),
  );
  test.runIf(thorough)("without a server, in a SQLite file", () =>
    followGenerateMigrate(sqliteNotes, { open: openFile, besideIt: false }),
  );
});

await describeWithPostgres("on PostgreSQL", ({ url }) => {
  test.runIf(thorough)("migrate does not run a migration whose changes development has made before", () =>
    followGenerateMigrate(pgNotes, {
      open: () => openDatabase({ url, directory: project, schema: {}, log }),
      url,
      besideIt: true,
    }),
  );
});

test("an address that is missing, of another database or malformed is refused in a sentence", async () => {
  await writeFile(join(project, "convex", "schema.ts"), mysqlTables);
  const nowhere = drizzleKit(["push"]);
  expect(await nowhere.code).not.toBe(0);
  expect(nowhere.output).toContain("MySQL cannot be embedded: set DATABASE_URL to a server");
  const elsewhere = drizzleKit(["migrate"], { DATABASE_URL: "postgres://user@127.0.0.1:5611/nothing" });
  expect(await elsewhere.code).not.toBe(0);
  expect(elsewhere.output).toContain("made with drizzle-orm/mysql-core, but DATABASE_URL begins with");
  await writeFile(join(project, "convex", "schema.ts"), sqliteTables);
  const readOnly = drizzleKit(["push"], { DATABASE_URL: " file:./app.sqlite?mode=ro " });
  expect(await readOnly.code).not.toBe(0);
  expect(readOnly.output).toContain("leave out the ?");
});

test("generate needs no database, and push uses the address in .env", async () => {
  const driver = await openPglite({ directory, schema: {}, log });
  const generate = drizzleKit(["generate"]);
  expect(await generate.code, generate.output).toBe(0);
  await driver.close();
  await writeFile(join(project, ".env.local"), "DATABASE_URL=postgres://user@127.0.0.1:5611/nothing\n");
  const push = drizzleKit(["push"], { DATABASE_URL: undefined });
  expect(await push.code, push.output).not.toBe(0);
  // drizzle-kit itself says no more than that. With the embedded database it would have succeeded.
  expect(push.output).toContain("Using 'pg' driver");
  expect(push.output.split("drizzle-kit failed.")).toHaveLength(2);
});

await describeWithMysql("on MySQL or MariaDB", (server) => {
  test("generate and migrate change development's database, and a push then has nothing to do", async () => {
    const schemaPath = join(project, "convex", "schema.ts");
    const migrations = join(project, "drizzle");
    await writeFile(schemaPath, mysqlTables);
    const driver = await openDatabase({ url: server.url, directory: project, schema: {}, log });
    const kit = async (...args: string[]): Promise<void> => {
      const run = drizzleKit(args, { DATABASE_URL: server.url });
      expect(await run.code, run.output).toBe(0);
    };
    expect(await pushSchema({ driver, schemaPath, migrations })).toMatchObject({ status: "applied" });
    await inTransaction(driver, "write", (connection) => connection.execute("insert into notes values (1)"));
    await kit("generate");

    await writeFile(schemaPath, "export {};");
    expect(await pushSchema({ driver, schemaPath, migrations })).toMatchObject({ status: "refused" });
    await kit("generate");
    await kit("migrate");
    expect(await pushSchema({ driver, schemaPath, migrations })).toEqual({ status: "upToDate" });
    expect(await applyMigrations({ driver, folder: migrations, log })).toEqual({ applied: [], recognised: [] });
    await driver.close();
  });
});

interface Kit {
  output: string;
  code: Promise<number | null>;
  says(words: string): Promise<void>;
  stop(): void;
}

function drizzleKit(args: string[], env: Record<string, string | undefined> = {}): Kit {
  const bin = join(project, "node_modules", "drizzle-kit", "bin.cjs");
  // drizzle-kit calls process.exit, which can hang: Node waits for a thread that compiles, and that thread waits for
  // Node to collect garbage (nodejs/node#54918). With a single thread there is none to wait for.
  const child = spawn(process.execPath, ["--single-threaded", bin, ...args], {
    cwd: project,
    env: { ...process.env, NODE_ENV: "development", DATABASE_URL: "", ...env },
  });
  children.push(child);
  const heard: Array<() => void> = [];
  const kit: Kit = {
    output: "",
    code: new Promise((resolve) => {
      // The output so far shows where a process hangs.
      const late = setTimeout(() => {
        kit.output += `\n(did not end within ${patience.fact} ms: killed)`;
        child.kill("SIGKILL");
      }, patience.fact);
      child.on("exit", (code) => {
        clearTimeout(late);
        resolve(code);
      });
    }),
    says: (words) =>
      new Promise((resolve) => {
        const check = (): void => void (kit.output.includes(words) && resolve());
        heard.push(check);
        check();
      }),
    stop: () => child.kill(),
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      kit.output += text;
      for (const check of heard) check();
    });
  }
  return kit;
}
