import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { describeWithPostgres } from "../../tests/support/databases/with-postgres.ts";
import type { Driver } from "../database/driver/driver.ts";
import { inTransaction } from "../database/internal/database-lock.ts";
import { createInternalTables } from "../database/internal/internal-tables.ts";
import { openPostgres } from "../database/postgres/postgres.ts";
import { openTemporaryDatabase } from "../database/temporary-database.ts";
import { type PushResult, pushSchema } from "./push-schema.ts";
import { DrizzleKitProcess } from "./snapshot/drizzle-kit-process.ts";

const log = { info() {}, warn() {}, error() {} };

function bringsInLine(name: string, open: () => Promise<Driver>): void {
  describe(`a push to ${name}:`, () => {
    const drizzleKit = new DrizzleKitProcess();
    let driver: Driver;
    let folder: string;

    const execute = (...statements: string[]): Promise<Record<string, unknown>[]> =>
      inTransaction(driver, "write", async (connection) => {
        let rows: Record<string, unknown>[] = [];
        for (const statement of statements) rows = await connection.execute(statement);
        return rows;
      });
    /** Saves a schema with these tables, and pushes it to the database. */
    const save = async (...tables: string[]): Promise<PushResult> => {
      const schemaPath = join(folder, "schema.ts");
      await writeFile(
        schemaPath,
        `import * as pg from "drizzle-orm/pg-core"; import { sql } from "drizzle-orm";\n${tables.join("\n")}`,
      );
      return pushSchema({ driver, schemaPath, drizzleKit });
    };
    const notes = (columns: string, name = "notes"): string =>
      `export const ${name} = pg.pgTable("${name}", { ${columns} });`;

    beforeAll(async () => {
      driver = await open();
      await createInternalTables(driver);
      // In the project, so that the schema finds drizzle-orm.
      folder = await mkdtemp(join(process.cwd(), "node_modules", ".schema-"));
    });
    beforeEach(() =>
      execute(
        "drop schema public cascade",
        "create schema public",
        "delete from convex_lite.meta where key <> 'version'",
      ),
    );
    afterAll(async () => {
      drizzleKit.close();
      await driver?.close();
      if (folder) await rm(folder, { recursive: true, force: true });
    });

    test("an empty database gets the tables; the next push has nothing to do", async () => {
      const tables = [
        notes("id: pg.serial().primaryKey(), text: pg.text().notNull().unique()"),
        'export const mood = pg.pgEnum("mood", ["good", "bad"]);',
      ];
      expect((await save(...tables)).status).toBe("applied");
      expect(await save(...tables)).toEqual({ status: "upToDate" });
      await execute("insert into notes (text) values ('a')");
    });

    test("a new column, index and enum value are added to a table with rows", async () => {
      await save(notes("id: pg.serial().primaryKey()"), 'export const mood = pg.pgEnum("mood", ["good"]);');
      await execute("insert into notes default values");
      const result = await save(
        'export const mood = pg.pgEnum("mood", ["good", "bad"]);',
        `export const notes = pg.pgTable("notes", { id: pg.serial().primaryKey(), text: pg.text().notNull().default("not null"), mood: mood() }, (t) => [pg.index().on(t.text).concurrently()]);`,
      );
      expect(result.status).toBe("applied");
      expect(await execute("select text, mood from notes")).toEqual([{ text: "not null", mood: null }]);
    });

    test("a column with a foreign key is added to a table with rows", async () => {
      await save(notes("id: pg.serial().primaryKey()"));
      await execute("insert into notes default values");
      const result = await save(
        notes("id: pg.serial().primaryKey()", "people"),
        notes("id: pg.serial().primaryKey(), author: pg.integer().references(() => people.id)"),
      );
      expect(result.status).toBe("applied");
    });

    test.each([
      ["a dropped column", "id: pg.serial().primaryKey()"],
      ["a changed type", "id: pg.serial().primaryKey(), text: pg.integer()"],
      ["a required column without default", "id: pg.serial().primaryKey(), text: pg.text(), more: pg.text().notNull()"],
      ["a column made required", "id: pg.serial().primaryKey(), text: pg.text().notNull()"],
      ["a column made unique", "id: pg.serial().primaryKey(), text: pg.text().unique()"],
      ["a renamed column", "id: pg.serial().primaryKey(), words: pg.text()"],
    ])("%s is refused when there are rows, with every other change of the same edit", async (_what, columns) => {
      await save(notes("id: pg.serial().primaryKey(), text: pg.text()"));
      await execute("insert into notes (text) values ('kept'), (null)");
      const result = await save(notes(columns), notes("id: pg.serial().primaryKey()", "others"));
      expect(result).toMatchObject({ status: "refused", message: expect.stringContaining("would have run") });
      expect(result.status === "refused" && result.reasons.length).toBe(1);
      expect(await execute("select text from notes")).toEqual([{ text: "kept" }, { text: null }]);
      expect(await execute("select to_regclass('others') as others")).toEqual([{ others: null }]);
      expect(await save(notes("id: pg.serial().primaryKey(), text: pg.text()"))).toEqual({ status: "upToDate" });
    });

    test.each([
      ["a dropped column", "id: pg.serial().primaryKey()"],
      ["a required column without default", "id: pg.serial().primaryKey(), text: pg.text(), more: pg.text().notNull()"],
      ["a column made required and unique", "id: pg.serial().primaryKey(), text: pg.text().notNull().unique()"],
      ["a changed type", "id: pg.serial().primaryKey(), text: pg.varchar({ length: 80 })"],
    ])("%s is applied when there are no rows", async (_what, columns) => {
      await save(notes("id: pg.serial().primaryKey(), text: pg.text()"));
      expect(await save(notes(columns))).toMatchObject({ status: "applied" });
      expect(await save(notes(columns))).toEqual({ status: "upToDate" });
    });

    test("a table removed from the schema is dropped when it is empty, and kept when it is not", async () => {
      await save(notes("id: pg.serial().primaryKey()"), notes("id: pg.serial().primaryKey()", "empty"));
      await execute("insert into notes default values");
      expect(await save(notes("id: pg.serial().primaryKey()"))).toMatchObject({
        status: "applied",
        statements: ['DROP TABLE "public"."empty";'],
      });
      expect(await save(notes("id: pg.serial().primaryKey()", "posts"))).toMatchObject({ status: "refused" });
      await execute("delete from notes");
      expect(await save(notes("id: pg.serial().primaryKey()", "posts"))).toMatchObject({ status: "applied" });
      expect(await execute("select to_regclass('notes') as notes")).toEqual([{ notes: null }]);
    });

    test("tables, types, sequences, views and schemas that the schema never had are not touched", async () => {
      await execute(
        "create table theirs (id integer)",
        "create type their_mood as enum ('x')",
        "create sequence their_numbers",
        "create view their_view as select 1 as one",
        "create schema drizzle_of_theirs",
      );
      expect(await save(notes("id: pg.serial().primaryKey()"))).toMatchObject({ status: "applied" });
      expect(await save(notes("id: pg.serial().primaryKey()"))).toEqual({ status: "upToDate" });
      expect(await save("export const nothing = 1;")).toMatchObject({
        status: "applied",
        statements: ['DROP TABLE "public"."notes";'],
      });
      expect(
        await execute(
          "select 'theirs'::regclass, 'their_mood'::regtype, 'their_view'::regclass, 'convex_lite.meta'::regclass",
        ),
      ).toHaveLength(1);
    });

    test("tables in a PostgreSQL schema of their own are created", async () => {
      const inApp =
        'export const app = pg.pgSchema("app"); export const notes = app.table("notes", { id: pg.serial().primaryKey() });';
      expect(await save(inApp)).toMatchObject({ status: "applied" });
      expect(await save(inApp)).toEqual({ status: "upToDate" });
      await execute("drop schema app cascade");
    });

    test("a schema that does not load is refused with the reason, and the next one is applied", async () => {
      expect(await save("export const x = ;")).toMatchObject({ status: "refused" });
      expect(await save('throw new Error("my own");')).toMatchObject({
        status: "refused",
        reasons: [expect.stringContaining("my own")],
      });
      expect(await save(notes("id: pg.serial().primaryKey()"))).toMatchObject({ status: "applied" });
    });
  });
}

bringsInLine("PGlite", () => openTemporaryDatabase({ schema: {} }));
await describeWithPostgres("PostgreSQL", (server) => {
  bringsInLine("PostgreSQL", () => openPostgres({ url: server.url, schema: {}, log }));

  describe("PostgreSQL, as a user who is not a superuser:", () => {
    const database = new URL(server.url).pathname.slice(1);
    const drizzleKit = new DrizzleKitProcess();
    const oneColumn = (...tables: string[]): string[] =>
      tables.map((name) => `export const ${name} = pg.pgTable("${name}", { id: pg.integer() });`);
    let admin: Driver;
    let driver: Driver;
    let role: string;
    let folder: string;

    const asAdmin = (...statements: string[]): Promise<Record<string, unknown>[]> =>
      inTransaction(admin, "write", async (connection) => {
        let rows: Record<string, unknown>[] = [];
        for (const statement of statements) rows = await connection.execute(statement);
        return rows;
      });
    const save = async (lines: string[], accept?: string): Promise<PushResult> => {
      const schemaPath = join(folder, "schema.ts");
      await writeFile(schemaPath, ['import * as pg from "drizzle-orm/pg-core";', ...lines].join("\n"));
      return pushSchema({ driver, schemaPath, drizzleKit, accept });
    };

    beforeAll(async () => {
      folder = await mkdtemp(join(process.cwd(), "node_modules", ".schema-"));
      const user = await server.newUser();
      role = user.name;
      admin = await openPostgres({ url: server.url, schema: {}, log });
      await asAdmin(
        "drop schema if exists convex_lite cascade",
        "drop schema if exists drizzle cascade",
        `grant create, temporary on database ${database} to ${role}`,
      );
      driver = await openPostgres({ url: user.url, schema: {}, log });
      await createInternalTables(driver);
    });
    beforeEach(() =>
      asAdmin(
        "drop schema public cascade",
        `drop schema if exists ${role} cascade`,
        `create schema public authorization ${role}`,
        "delete from convex_lite.meta where key <> 'version'",
      ),
    );
    afterAll(async () => {
      drizzleKit.close();
      await driver?.close();
      await admin?.close();
      if (folder) await rm(folder, { recursive: true, force: true });
    });

    test("nothing is changed when a bare name means a schema other than public", async () => {
      expect(await save(oneColumn("a", "notes"))).toMatchObject({ status: "applied" });
      await asAdmin("insert into notes values (1)", `create schema ${role} authorization ${role}`);
      const result = await save(oneColumn("a"));
      expect(result).toMatchObject({
        status: "refused",
        statements: [],
        reasons: [expect.stringMatching(/in schema "convex_lite_.*`alter role "convex_lite_.*" set search_path/)],
      });
      expect(await asAdmin("select id from public.notes")).toEqual([{ id: 1 }]);
      await asAdmin("drop table public.notes", `create table ${role}.notes (id integer)`);
      expect(await save(oneColumn("a", "notes"))).toMatchObject({ status: "refused" });
      expect(await asAdmin("select to_regclass('public.notes') as made")).toEqual([{ made: null }]);
    });

    test("nor when the change itself would create that schema", async () => {
      const own = `export const own = pg.pgSchema("${role}");`;
      expect(await save([own, ...oneColumn("notes")])).toMatchObject({ status: "refused" });
      expect(await asAdmin(`select to_regclass('${role}.notes') as made, to_regnamespace('${role}') as own`)).toEqual([
        { made: null, own: null },
      ]);
    });

    test("a sequence and a role are dropped only when a person accepts it", async () => {
      await asAdmin(`alter role ${role} createrole`);
      const reporting = `${role}_reporting`;
      const invoices = 'export const invoices = pg.pgSequence("invoice_no");';
      const lines = [invoices, `export const reporting = pg.pgRole("${reporting}");`, ...oneColumn("a")];
      expect(await save(lines)).toMatchObject({ status: "applied" });
      await asAdmin("select setval('invoice_no', 4711)");
      const result = await save(oneColumn("a"));
      expect(result).toMatchObject({
        status: "refused",
        reasons: [expect.stringContaining('Sequence "invoice_no"'), expect.stringContaining(`Role "${reporting}"`)],
      });
      expect(await asAdmin("select last_value::int as reached from invoice_no")).toEqual([{ reached: 4711 }]);
      expect(await asAdmin(`select '${reporting}'::regrole as there`)).toHaveLength(1);
      const code = /--accept (\w+)/.exec(result.status === "refused" ? result.message : "")?.[1];
      expect(await save(oneColumn("a"), code)).toMatchObject({ status: "applied" });
      expect(await asAdmin(`select to_regclass('invoice_no') as sequence, to_regrole('${reporting}') as role`)).toEqual(
        [{ sequence: null, role: null }],
      );
    });

    test("a table whose rows row-level security hides is dropped only when a person accepts it", async () => {
      await save(oneColumn("a", "notes"));
      await asAdmin(
        "insert into notes values (1)",
        "alter table notes enable row level security, force row level security",
        "create policy no_rows on notes using (false)",
      );
      const result = await save(oneColumn("a"));
      expect(result).toMatchObject({
        status: "refused",
        reasons: [expect.stringMatching(/no longer in the schema .* does not say whether there are rows: .*row-level/)],
      });
      expect(await asAdmin("select id from notes")).toEqual([{ id: 1 }]);
      const code = /--accept (\w+)/.exec(result.status === "refused" ? result.message : "")?.[1];
      expect(await save(oneColumn("a"), code)).toMatchObject({ status: "applied" });
      expect(await asAdmin("select to_regclass('notes') as notes")).toEqual([{ notes: null }]);
    });
  });
});
