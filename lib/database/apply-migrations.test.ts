import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateDrizzleJson } from "drizzle-kit/api";
import * as pgCore from "drizzle-orm/pg-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { inTransaction } from "./alone.ts";
import { applyMigrations } from "./apply-migrations.ts";
import type { Driver } from "./driver.ts";
import { createInternalTables, writeMeta } from "./internal-tables.ts";
import { openPostgres } from "./postgres.ts";
import { schemaFingerprint } from "./schema-fingerprint.ts";
import { openTemporary } from "./temporary.ts";
import { describeWithPostgres } from "./with-postgres.ts";

const log = { info() {}, warn() {}, error() {} };
const { pgTable, integer, text } = pgCore;

/** The author's schema as it grew, and the migration of each step. */
const steps = [
  { schema: { a: pgTable("a", { id: integer() }) }, sql: "create table a (id integer);" },
  {
    schema: { a: pgTable("a", { id: integer(), name: text() }) },
    sql: "alter table a add column name text;\n--> statement-breakpoint\ninsert into a (id) values (1);",
  },
  {
    schema: { a: pgTable("a", { id: integer(), name: text(), more: text() }) },
    sql: "alter table a add column more text;",
  },
];

function migrates(name: string, open: () => Promise<Driver>, concurrent: boolean): void {
  describe(`${name} is migrated`, () => {
    let driver: Driver;
    let folder: string;

    const execute = (statement: string): Promise<Record<string, unknown>[]> =>
      inTransaction(driver, "write", (connection) => connection.execute(statement));
    const columns = async (): Promise<unknown> =>
      (
        await execute(
          "select column_name from information_schema.columns where table_name = 'a' order by ordinal_position",
        )
      ).map((row) => row.column_name);
    const recorded = async (): Promise<unknown> =>
      (await execute("select created_at from drizzle.__drizzle_migrations order by 1")).map((row) =>
        Number(row.created_at),
      );
    /** Writes the first `count` migrations as drizzle-kit would. */
    const generate = async (
      count: number,
      all: ReadonlyArray<{ schema: Record<string, unknown>; sql: string }> = steps,
    ): Promise<void> => {
      await mkdir(join(folder, "meta"), { recursive: true });
      const entries = all
        .slice(0, count)
        .map((_, idx) => ({ idx, version: "7", when: 1_000 + idx, tag: `000${idx}_step`, breakpoints: true }));
      for (const { idx, tag } of entries) {
        const step = all[idx] as { schema: Record<string, unknown>; sql: string };
        await writeFile(join(folder, `${tag}.sql`), step.sql);
        await writeFile(
          join(folder, "meta", `000${idx}_snapshot.json`),
          JSON.stringify(generateDrizzleJson(step.schema)),
        );
      }
      await writeFile(
        join(folder, "meta", "_journal.json"),
        JSON.stringify({ version: "7", dialect: "postgresql", entries }),
      );
    };
    /** Does what development does: changes the database, and notes how far it is. */
    const develop = async (schema: Record<string, unknown>, ...statements: string[]): Promise<void> => {
      for (const statement of statements) await execute(statement);
      await inTransaction(driver, "write", (connection) =>
        writeMeta(connection, "schema", schemaFingerprint({ ...generateDrizzleJson(schema) })),
      );
    };
    const migrate = () => applyMigrations({ driver, folder, log });

    beforeAll(async () => {
      driver = await open();
      await createInternalTables(driver);
    }, 60_000);
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "convex-lite-migrations-"));
      for (const each of [
        "drop table if exists a",
        "drop schema if exists drizzle cascade",
        "delete from convex_lite.meta where key <> 'version'",
      ])
        await execute(each);
      return () => rm(folder, { recursive: true, force: true });
    });
    afterAll(() => driver?.close());

    test("an empty database gets all of them, once", async () => {
      await generate(2);
      expect(await migrate()).toEqual({ applied: ["0000_step", "0001_step"], recognised: [] });
      expect(await migrate()).toEqual({ applied: [], recognised: [] });
      expect(await columns()).toEqual(["id", "name"]);
      expect(await recorded()).toEqual([1000, 1001]);
      await generate(3);
      expect(await migrate()).toEqual({ applied: ["0002_step"], recognised: [] });
      expect(await execute("select id from a")).toHaveLength(1);
    });

    test("one that fails leaves nothing of any, and names itself", async () => {
      await generate(2, [steps[0] as (typeof steps)[number], { schema: {}, sql: "select nonsense" }]);
      await expect(migrate()).rejects.toThrow(/0001_step failed, and nothing was applied.*nonsense/);
      expect(await columns()).toEqual([]);
    });

    test("what development has brought it to is recognised instead of run", async () => {
      await generate(2);
      await develop(steps[1]?.schema ?? {}, "create table a (id integer, name text)");
      expect(await migrate()).toEqual({ applied: [], recognised: ["0000_step", "0001_step"] });
      expect(await recorded()).toEqual([1000, 1001]);
    });

    test("what came after that is run, also when earlier ones had been recorded", async () => {
      await generate(1);
      await migrate();
      await develop(steps[1]?.schema ?? {}, "alter table a add column name text");
      await generate(3);
      expect(await migrate()).toEqual({ applied: ["0002_step"], recognised: ["0001_step"] });
      expect(await columns()).toEqual(["id", "name", "more"]);
      expect(await migrate()).toEqual({ applied: [], recognised: [] });
    });

    test("a database that development left in between is an error that says what to do", async () => {
      await generate(2);
      await develop({ b: pgTable("b", { id: integer() }) });
      await expect(migrate()).rejects.toThrow(/no migration in the folder describes.*pnpm dev.*drizzle-kit generate/s);
    });

    test("tables that neither migrations nor development made are an error that says what to do", async () => {
      await generate(1);
      await execute("create table a (id integer)");
      await expect(migrate()).rejects.toThrow(/holds this already/);
    });

    test("without migrations a database without tables is an error, one of development's is not", async () => {
      await expect(migrate()).rejects.toThrow("pnpm drizzle-kit generate");
      await develop({});
      expect(await migrate()).toEqual({ applied: [], recognised: [] });
    });

    if (concurrent) {
      test("of servers that start at once, one does it and the others find it done", async () => {
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

migrates("PGlite", () => openTemporary({ schema: {} }), false);
await describeWithPostgres("PostgreSQL", (server) => {
  migrates("PostgreSQL", () => openPostgres({ url: server.url, schema: {}, log }), true);
});

test("the migrations of this project describe its schema", async () => {
  const schema = await import("../../convex/schema.ts");
  const journal = (await import("../../drizzle/meta/_journal.json", { with: { type: "json" } })).default;
  const newest = String(journal.entries.length - 1).padStart(4, "0");
  const snapshot = (await import(`../../drizzle/meta/${newest}_snapshot.json`, { with: { type: "json" } })).default;
  expect(schemaFingerprint(snapshot)).toBe(schemaFingerprint({ ...generateDrizzleJson({ ...schema }) }));
});
