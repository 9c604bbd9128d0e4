import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateDrizzleJson, generateMySQLDrizzleJson, generateSQLiteDrizzleJson } from "drizzle-kit/api";
import * as mysqlCore from "drizzle-orm/mysql-core";
import * as pgCore from "drizzle-orm/pg-core";
import * as sqliteCore from "drizzle-orm/sqlite-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { describeWithMysql } from "../../../tests/support/databases/with-mysql.ts";
import { describeWithPostgres } from "../../../tests/support/databases/with-postgres.ts";
import type { Dialect, Driver } from "../../database/driver/driver.ts";
import { inTransaction } from "../../database/internal/database-lock.ts";
import { internalSql } from "../../database/internal/internal-sql.ts";
import { createInternalTables, writeMeta } from "../../database/internal/internal-tables.ts";
import { openMysql } from "../../database/mysql/mysql-driver.ts";
import { openPostgres } from "../../database/postgres/postgres.ts";
import { openTemporaryDatabase } from "../../database/temporary-database.ts";
import { schemaFingerprint } from "../snapshot/fingerprint.ts";
import { applyMigrations } from "./apply-migrations.ts";
import { type Migration, readMigrations } from "./migration-files.ts";

const log = { info() {}, warn() {}, error() {} };

interface Step {
  schema: Record<string, unknown>;
  sql: string;
}

/** How each dialect defines one table with these columns, and makes drizzle-kit's snapshot of a schema. */
const ways: Record<
  Dialect,
  {
    one(name: string, ...columns: string[]): Record<string, unknown>;
    snapshot(schema: Record<string, unknown>): unknown;
  }
> = {
  pg: {
    one: (name, ...columns) => ({
      [name]: pgCore.pgTable(
        name,
        textColumns(columns, (column) => pgCore.text(column)),
      ),
    }),
    snapshot: generateDrizzleJson,
  },
  sqlite: {
    one: (name, ...columns) => ({
      [name]: sqliteCore.sqliteTable(
        name,
        textColumns(columns, (column) => sqliteCore.text(column)),
      ),
    }),
    snapshot: generateSQLiteDrizzleJson,
  },
  mysql: {
    one: (name, ...columns) => ({
      [name]: mysqlCore.mysqlTable(
        name,
        textColumns(columns, (column) => mysqlCore.text(column)),
      ),
    }),
    snapshot: generateMySQLDrizzleJson,
  },
};

function textColumns<Column>(names: readonly string[], text: (name: string) => Column): Record<string, Column> {
  return Object.fromEntries(names.map((name) => [name, text(name)]));
}

function migrates(name: string, dialect: Dialect, open: () => Promise<Driver>, concurrent: boolean): void {
  const { one, snapshot } = ways[dialect];
  /** Successive schemas of the author, and the migration of each step. */
  const steps: [Step, Step, Step] = [
    { schema: one("a", "id"), sql: "create table a (id text);" },
    {
      schema: one("a", "id", "name"),
      sql: "alter table a add column name text;\n--> statement-breakpoint\ninsert into a (id) values ('1');",
    },
    { schema: one("a", "id", "name", "more"), sql: "alter table a add column more text;" },
  ];
  const { table: recordedIn } = internalSql[dialect].migrations;

  describe(`${name} is migrated`, () => {
    let driver: Driver;
    let folder: string;

    const execute = (statement: string): Promise<Record<string, unknown>[]> =>
      inTransaction(driver, "define", (connection) => connection.execute(statement));
    const columns = async (): Promise<unknown> => {
      const where = dialect === "pg" ? "current_schema()" : "database()";
      const rows = await execute(
        dialect === "sqlite"
          ? "select name from pragma_table_xinfo('a') order by cid"
          : `select column_name as name from information_schema.columns where table_name = 'a' and table_schema = ${where} order by ordinal_position`,
      );
      return rows.map((row) => row.name);
    };
    const recorded = async (): Promise<unknown> =>
      (await execute(`select created_at from ${recordedIn} order by 1`)).map((row) => Number(row.created_at));
    /** Writes the first `count` migrations as drizzle-kit would. */
    const generate = async (count: number, all: readonly Step[] = steps, generatedFor = dialect): Promise<void> => {
      await mkdir(join(folder, "meta"), { recursive: true });
      const entries = all
        .slice(0, count)
        .map((_, idx) => ({ idx, version: "7", when: 1_000 + idx, tag: `000${idx}_step`, breakpoints: true }));
      for (const { idx, tag } of entries) {
        const step = all[idx] as Step;
        await writeFile(join(folder, `${tag}.sql`), step.sql);
        const written = JSON.stringify(await snapshot(step.schema));
        await writeFile(join(folder, "meta", `000${idx}_snapshot.json`), written);
      }
      const journal = { version: "7", dialect: generatedFor === "pg" ? "postgresql" : generatedFor, entries };
      await writeFile(join(folder, "meta", "_journal.json"), JSON.stringify(journal));
    };
    /** Does what development does: changes the database and stores its schema. */
    const develop = async (schema: Record<string, unknown>, ...statements: string[]): Promise<void> => {
      for (const statement of statements) await execute(statement);
      const fingerprint = schemaFingerprint({ ...((await snapshot(schema)) as Record<string, unknown>) });
      await inTransaction(driver, "write", (connection) => writeMeta(connection, "schema", fingerprint));
    };
    const migrate = () => applyMigrations({ driver, folder, log });

    beforeAll(async () => {
      driver = await open();
      await createInternalTables(driver);
    });
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "convex-lite-migrations-"));
      const { own, quoted } = internalSql[dialect];
      for (const each of [
        "drop table if exists a",
        "drop table if exists b",
        dialect === "pg" ? "drop schema if exists drizzle cascade" : `drop table if exists ${recordedIn}`,
        `delete from ${own("meta")} where ${quoted("key")} <> 'version'`,
      ])
        await execute(each);
      return () => rm(folder, { recursive: true, force: true });
    });
    afterAll(() => driver?.close());

    test("an empty database gets all migrations, once", async () => {
      await generate(2);
      expect(await migrate()).toEqual({ applied: ["0000_step", "0001_step"], recognised: [] });
      expect(await migrate()).toEqual({ applied: [], recognised: [] });
      expect(await columns()).toEqual(["id", "name"]);
      expect(await recorded()).toEqual([1000, 1001]);
      await generate(3);
      expect(await migrate()).toEqual({ applied: ["0002_step"], recognised: [] });
      expect(await execute("select id from a")).toHaveLength(1);
    });

    if (internalSql[dialect].definitionsRollBack) {
      test("when a migration fails, none is applied, and the error names it", async () => {
        await generate(2, [steps[0], { schema: {}, sql: "select nonsense" }]);
        await expect(migrate()).rejects.toThrow(/0001_step failed, and nothing was applied.*nonsense/);
        expect(await columns()).toEqual([]);
      });
    } else {
      test("when a migration fails, what ran before it is kept, the error names it, and the next start continues with it", async () => {
        const failing = { ...steps[1], sql: `${steps[1].sql}\n--> statement-breakpoint\nselect nonsense;` };
        await generate(2, [steps[0], failing]);
        await expect(migrate()).rejects.toThrow(/0001_step failed at statement 3 of 3.*kept.*nonsense/);
        expect(await recorded()).toEqual([1000]);
        await expect(migrate()).rejects.toThrow(/statement 3 of 3/);
        expect(await execute("select id from a")).toHaveLength(1);
      });

      test("when a server ended between a statement and storing it, the next server finds the statement done", async () => {
        await generate(1);
        await migrate();
        await execute("alter table a add column name text");
        await generate(2);
        await inTransaction(driver, "write", async (connection) => {
          const { hash } = readMigrations(folder)[1] as Migration;
          await writeMeta(connection, "migration under way", JSON.stringify({ hash, done: 0 }));
        });
        expect(await migrate()).toEqual({ applied: ["0001_step"], recognised: [] });
        expect(await execute("select id from a")).toHaveLength(1);
      });
    }

    test("migrations whose changes development has made are recorded and not run", async () => {
      await generate(2);
      await develop(steps[1].schema, "create table a (id text, name text)");
      expect(await migrate()).toEqual({ applied: [], recognised: ["0000_step", "0001_step"] });
      expect(await recorded()).toEqual([1000, 1001]);
    });

    test("migrations after those are run, also when earlier ones were recorded before", async () => {
      await generate(1);
      await migrate();
      await develop(steps[1].schema, "alter table a add column name text");
      await generate(3);
      expect(await migrate()).toEqual({ applied: ["0002_step"], recognised: ["0001_step"] });
      expect(await columns()).toEqual(["id", "name", "more"]);
      expect(await migrate()).toEqual({ applied: [], recognised: [] });
    });

    test("a database whose schema no migration describes is refused with what to do", async () => {
      await generate(2);
      await develop(one("b", "id"));
      await expect(migrate()).rejects.toThrow(
        /no migration in the folder describes.*convex-lite dev.*drizzle-kit generate/s,
      );
    });

    test("tables that neither migrations nor development made are refused with what to do", async () => {
      await generate(1);
      await execute("create table a (id text)");
      await expect(migrate()).rejects.toThrow(/holds this already/);
    });

    test("migrations for another kind of database are refused with what to do", async () => {
      await generate(1, steps, dialect === "sqlite" ? "pg" : "sqlite");
      await expect(migrate()).rejects.toThrow(/holds \w+'s migrations, and .* is of \w+: remove that folder and run/);
      expect(await columns()).toEqual([]);
    });

    test("without migrations a database without tables is refused, and one that development made is used", async () => {
      await expect(migrate()).rejects.toThrow("drizzle-kit generate");
      await develop({});
      expect(await migrate()).toEqual({ applied: [], recognised: [] });
    });

    if (concurrent) {
      test("of servers that start at the same time, one runs the migrations and the others find them done", async () => {
        await generate(3);
        const others = await Promise.all([open(), open()]);
        const done = await Promise.all(
          [driver, ...others].map((each) => applyMigrations({ driver: each, folder, log })),
        );
        expect(done.map(({ applied }) => applied.length).sort()).toEqual([0, 0, 3]);
        await Promise.all(others.map((each) => each.close()));
      });
    }
  });
}

migrates("PGlite", "pg", () => openTemporaryDatabase({ schema: {} }), false);
migrates("SQLite", "sqlite", () => openTemporaryDatabase({ schema: ways.sqlite.one("a", "id") }), false);
await describeWithPostgres("PostgreSQL", (server) => {
  migrates("PostgreSQL", "pg", () => openPostgres({ url: server.url, schema: {}, log }), true);

  test("a user without the right to create anything starts when all migrations were run", async () => {
    const folder = await mkdtemp(join(tmpdir(), "convex-lite-migrations-"));
    await mkdir(join(folder, "meta"));
    await writeFile(join(folder, "0000_step.sql"), "create table of_admin (id text);");
    const entries = [{ idx: 0, version: "7", when: 1_000, tag: "0000_step", breakpoints: true }];
    await writeFile(join(folder, "meta", "_journal.json"), JSON.stringify({ version: "7", dialect: "pg", entries }));
    const { name, url } = await server.newUser();
    const admin = await openPostgres({ url: server.url, schema: {}, log });
    await inTransaction(admin, "define", (connection) =>
      connection.execute("drop schema if exists convex_lite, drizzle cascade"),
    );
    await createInternalTables(admin);
    expect(await applyMigrations({ driver: admin, folder, log })).toMatchObject({ applied: ["0000_step"] });
    await inTransaction(admin, "define", async (connection) => {
      await connection.execute(`grant usage on schema convex_lite, drizzle to ${name}`);
      await connection.execute(`grant select on all tables in schema convex_lite, drizzle to ${name}`);
    });
    const driver = await openPostgres({ url, schema: {}, log });
    await createInternalTables(driver);
    expect(await applyMigrations({ driver, folder, log })).toEqual({ applied: [], recognised: [] });
    await Promise.all([admin.close(), driver.close()]);
    await rm(folder, { recursive: true, force: true });
  });
});
await describeWithMysql("MySQL or MariaDB", (server) => {
  migrates("MySQL or MariaDB", "mysql", () => openMysql({ url: server.url, schema: {}, log }), true);
});
