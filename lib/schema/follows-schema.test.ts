import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { integer, sqliteTable } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { followsSchema } from "../../tests/support/databases/contract/follows-schema.ts";
import { describeWithMysql } from "../../tests/support/databases/with-mysql.ts";
import { describeWithPostgres } from "../../tests/support/databases/with-postgres.ts";
import { inTransaction } from "../database/internal/database-lock.ts";
import { openMysql } from "../database/mysql/mysql-driver.ts";
import { openPostgres } from "../database/postgres/postgres.ts";
import { openTemporaryDatabase } from "../database/temporary-database.ts";
import { type PushResult, pushSchema } from "./push-schema.ts";

const log = { info() {}, warn() {}, error() {} };

// Only `pnpm test:databases` runs the suite on every database. `serve-functions.test.ts` covers PGlite, too.
if (process.env.THOROUGH === "1") {
  followsSchema("PGlite", "pg", () => openTemporaryDatabase({ schema: {} }));
  await describeWithPostgres("PostgreSQL", (server) => {
    followsSchema("PostgreSQL", "pg", () => openPostgres({ url: server.url, schema: {}, log }));
  });
  await describeWithMysql("MySQL or MariaDB", (server) => {
    followsSchema("MySQL or MariaDB", "mysql", () => openMysql({ url: server.url, schema: {}, log }));
  });
}
followsSchema("SQLite", "sqlite", () => openTemporaryDatabase({ schema: { a: sqliteTable("a", { id: integer() }) } }));
test("views, indexes and triggers that were made by hand stay when SQLite rebuilds their table", async () => {
  const schema = { notes: sqliteTable("notes", { id: integer() }) };
  const driver = await openTemporaryDatabase({ schema });
  const folder = await mkdtemp(join(process.cwd(), "node_modules", ".schema-"));
  const schemaPath = join(folder, "schema.ts");
  const save = async (columns: string): Promise<PushResult> => {
    await writeFile(
      schemaPath,
      `import { integer, sqliteTable } from "drizzle-orm/sqlite-core"; export const notes = sqliteTable("notes", { id: integer(), ${columns} });`,
    );
    return pushSchema({ driver, schemaPath });
  };
  const outcome = (result: PushResult): string => (result.status === "refused" ? result.message : result.status);
  const made = () =>
    inTransaction(driver, "read", (connection) =>
      connection.execute("select name from sqlite_schema where name glob 'their*' order by name"),
    );
  expect(outcome(await save("size: integer()"))).toBe("applied");
  await inTransaction(driver, "write", async (connection) => {
    for (const statement of [
      "create view their_view as select id from notes",
      "create index their_index on notes (size desc)",
      "create table theirs (id integer)",
      "create trigger their_trigger after insert on notes begin insert into theirs values (null); end",
      "create trigger their_view_trigger instead of insert on their_view begin select 1; end",
      "insert into notes values (1, 2)",
    ])
      await connection.execute(statement);
  });
  const before = await made();
  expect(before).toHaveLength(5);
  expect(outcome(await save("size: integer().default(3)"))).toBe("applied");
  expect(await made()).toEqual(before);
  const rows = await inTransaction(driver, "write", async (connection) => {
    await connection.execute("insert into notes (id) values (2)");
    return connection.execute("select (select count(*) from theirs) as noticed, (select sum(size) from notes) as size");
  });
  expect(rows).toEqual([{ noticed: 2, size: 5 }]);
  await driver.close();
  await rm(folder, { recursive: true, force: true });
});

test("the number of a deleted row is not used again after SQLite rebuilds a table", async () => {
  const driver = await openTemporaryDatabase({ schema: { notes: sqliteTable("notes", { id: integer() }) } });
  const folder = await mkdtemp(join(process.cwd(), "node_modules", ".schema-"));
  const schemaPath = join(folder, "schema.ts");
  const save = async (size: string): Promise<string> => {
    await writeFile(
      schemaPath,
      `import { integer, sqliteTable } from "drizzle-orm/sqlite-core";
      const columns = { id: integer().primaryKey({ autoIncrement: true }), size: ${size} };
      export const notes = sqliteTable("notes", columns), emptied = sqliteTable("emptied", columns);`,
    );
    return (await pushSchema({ driver, schemaPath })).status;
  };
  const run = (...statements: string[]) =>
    inTransaction(driver, "write", async (connection) => {
      let rows: Record<string, unknown>[] = [];
      for (const statement of statements) rows = await connection.execute(statement);
      return rows;
    });
  expect(await save("integer()")).toBe("applied");
  await run(
    "insert into notes (size) values (1), (2), (3)",
    "delete from notes where id = 3",
    "insert into emptied (size) values (1), (2)",
    "delete from emptied",
  );
  expect(await save("integer().default(7)")).toBe("applied");
  await run("insert into notes default values", "insert into emptied default values");
  expect(await run("select id, size from notes")).toEqual([
    { id: 1, size: 1 },
    { id: 2, size: 2 },
    { id: 4, size: 7 },
  ]);
  expect(await run("select id, size from emptied")).toEqual([{ id: 3, size: 7 }]);
  expect(await run("select name, seq from sqlite_sequence order by name")).toEqual([
    { name: "emptied", seq: 3 },
    { name: "notes", seq: 4 },
  ]);
  await driver.close();
  await rm(folder, { recursive: true, force: true });
});
