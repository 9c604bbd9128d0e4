import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { foreignKey, integer, pgTable, text } from "drizzle-orm/pg-core";
import { integer as sqliteInteger, sqliteTable } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { TemporaryProject } from "../../tests/support/temporary-project.ts";
import type { Driver } from "../database/driver/driver.ts";
import { inTransaction } from "../database/internal/database-lock.ts";
import { definitionsIn } from "./empty-database.ts";
import { borrowDatabase } from "./world-databases.ts";

const shelves = pgTable("shelves", { id: integer().primaryKey().generatedAlwaysAsIdentity(), name: text() });
const notes = pgTable("notes", { shelf: integer().notNull() }, (notes) => [
  foreignKey({ columns: [notes.shelf], foreignColumns: [shelves.id] }),
]);
const schema = { shelves, notes };

const run = (driver: Driver, sql: string) => inTransaction(driver, "write", (connection) => connection.execute(sql));

/** Borrows a database, runs SQL, and gives it back. @returns which database it was. */
async function use(tables: Record<string, unknown>, ...statements: string[]): Promise<string> {
  const driver = await borrowDatabase(tables);
  for (const statement of statements) await run(driver, statement);
  await driver.close();
  return driver.description;
}

const rows = "select (select count(*) from shelves)::int as shelves, (select count(*) from notes)::int as notes";

test("a database that was given back is lent again, empty", async () => {
  const first = await use(
    schema,
    "insert into shelves (name) values ('a'), ('b')",
    "insert into notes values (1), (2)",
    // So many that to delete them would take long.
    "insert into shelves (name) select repeat('x', 100) from generate_series(1, 20000)",
  );
  const driver = await borrowDatabase({ ...schema });
  expect(driver.description).toBe(first);
  expect(await run(driver, rows)).toEqual([{ shelves: 0, notes: 0 }]);
  expect(await run(driver, "insert into shelves (name) values ('c') returning id")).toEqual([{ id: 1 }]);
  await driver.close();
});

test("a database in which a world has changed a table is not lent again", async () => {
  const changed = await use(schema, "alter table shelves add column colour text");
  expect(await use(schema)).not.toBe(changed);
});

test("every kind of definition is noticed, and nothing else", async () => {
  const driver = await borrowDatabase(schema);
  let known = await definitionsIn(driver);
  for (const statement of definitions) {
    await run(driver, statement);
    const now = await definitionsIn(driver);
    expect(now, statement).not.toBe(known);
    known = now;
  }
  await run(driver, "insert into shelves (name) values ('a')");
  await run(driver, "select nextval('shelves_id_seq')");
  expect(await definitionsIn(driver)).toBe(known);
  await driver.close();
});

const definitions = [
  "alter table shelves add column colour text",
  "alter table shelves alter column name set default 'x'",
  "alter table shelves alter column name set not null",
  "alter table shelves drop column colour",
  "create index on shelves (name)",
  "create table more (id integer)",
  "drop table more",
  "create type mood as enum ('good')",
  "alter type mood add value 'better'",
  "create function one() returns integer language sql as 'select 1'",
  "create or replace function one() returns integer language sql as 'select 2'",
  "create view two as select 2",
  "alter table notes disable trigger all",
  "alter sequence shelves_id_seq increment by 2",
  "create policy mine on shelves using (true)",
  "create schema aside",
  "create role visitor",
  "alter database postgres set search_path = public",
];

test("another schema has another database, and both are kept", async () => {
  const other = { notes: pgTable("notes", { id: integer() }) };
  const [first, second] = [await use(schema), await use(other)];
  expect(second).not.toBe(first);
  expect([await use(schema), await use(other)]).toEqual([first, second]);
});

test("a database in which a transaction does not end is not lent again", async () => {
  const driver = await borrowDatabase(schema);
  const stuck = await driver.connect();
  await stuck.begin("write");
  await driver.close();
  expect(await use(schema)).not.toBe(driver.description);
  stuck.destroy();
});

test("what a world has left behind cannot connect to a database that was given back", async () => {
  const driver = await borrowDatabase(schema);
  const [early] = [driver.connect(), driver.close()];
  await expect(driver.connect()).rejects.toThrow("has ended");
  const connection = await early;
  await connection.begin("write");
  await connection.execute("insert into shelves (name) values ('late')");
  await connection.commit();
  connection.release();
  await driver.close();
  expect(await inNext(rows)).toEqual([{ shelves: 0, notes: 0 }]);
});

async function inNext(sql: string): Promise<unknown> {
  const driver = await borrowDatabase(schema);
  try {
    return await run(driver, sql);
  } finally {
    await driver.close();
  }
}

test("SQLite is a new database each time", async () => {
  const sqlite = { notes: sqliteTable("notes", { id: sqliteInteger().primaryKey() }) };
  const first = await borrowDatabase(sqlite);
  await run(first, "insert into notes values (1)");
  const second = await borrowDatabase(sqlite);
  expect(await run(second, "select * from notes")).toEqual([]);
  await Promise.all([first.close(), second.close()]);
});

test("a process ends by itself while a database waits for the next world, and leaves no folder", async () => {
  using project = new TemporaryProject();
  project.write(
    "program.ts",
    `import { integer, pgTable } from "drizzle-orm/pg-core";
    import { borrowDatabase } from ${JSON.stringify(join(import.meta.dirname, "world-databases.ts"))};
    const driver = await borrowDatabase({ notes: pgTable("notes", { id: integer() }) });
    console.log(driver.description.replace("PGlite in ", ""));
    await driver.close();`,
  );
  const child = spawn(process.execPath, [project.path("program.ts")], {
    cwd: project.root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const printed = (await child.stdout.toArray()).join("").trim();
  if (child.exitCode === null) await once(child, "exit");
  expect(child.exitCode).toBe(0);
  expect(printed).toContain("convex-lite-");
  expect(existsSync(join(project.root, printed))).toBe(false);
});
