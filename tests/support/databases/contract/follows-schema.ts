import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Dialect, Driver } from "../../../../lib/database/driver/driver.ts";
import { inTransaction } from "../../../../lib/database/internal/database-lock.ts";
import { internalSql } from "../../../../lib/database/internal/internal-sql.ts";
import { createInternalTables } from "../../../../lib/database/internal/internal-tables.ts";
import { applyMigrations } from "../../../../lib/schema/migrations/apply-migrations.ts";
import { type PushResult, type PushSchemaOptions, pushSchema } from "../../../../lib/schema/push-schema.ts";
import { DrizzleKitProcess } from "../../../../lib/schema/snapshot/drizzle-kit-process.ts";
import { richSchemas } from "./rich-schemas.ts";
import { type Schema, schemaEdits } from "./schema-edits.ts";

/** Runs the suite of what a push of the schema does against one kind of database. */
export function followsSchema(name: string, dialect: Dialect, open: () => Promise<Driver>): void {
  const { writing: w, usual, rows, edits, additions, written } = schemaEdits(dialect);
  const { notes } = usual;
  const { quoted } = internalSql[dialect];

  describe(`${name} follows the schema`, () => {
    const planner = new DrizzleKitProcess();
    let driver: Driver;
    let folder: string;

    const execute = (...statements: string[]): Promise<Record<string, unknown>[]> =>
      inTransaction(driver, "define", async (connection) => {
        let found: Record<string, unknown>[] = [];
        for (const statement of statements) found = await connection.execute(statement);
        return found;
      });
    const save = async (
      schema: Schema,
      more: Pick<PushSchemaOptions, "accept" | "migrations"> = {},
    ): Promise<PushResult> => {
      const schemaPath = join(folder, "schema.ts");
      await writeFile(schemaPath, written(schema));
      return pushSchema({ driver, schemaPath, drizzleKit: planner, ...more });
    };
    /** Writes a migration with these statements for each schema, and the schema's snapshot, as drizzle-kit would. */
    const generate = async (migrations: string, schemas: readonly Schema[], statements: string[][]): Promise<void> => {
      await mkdir(join(migrations, "meta"), { recursive: true });
      const entries = schemas.map((_, idx) => ({ idx, version: "7", when: 1_000 + idx, tag: `000${idx}_step` }));
      for (const [i, schema] of schemas.entries()) {
        const schemaPath = join(folder, "generated.ts");
        await writeFile(schemaPath, written(schema));
        const { snapshots } = await planner.read(schemaPath);
        const sql = (statements[i] ?? []).join("\n--> statement-breakpoint\n");
        await writeFile(join(migrations, `000${i}_step.sql`), sql);
        // The snapshots of drizzle-kit's command hold more than those of its API.
        const snapshot = { ...snapshots[dialect], _meta: { schemas: {}, tables: {}, columns: {} } };
        await writeFile(join(migrations, "meta", `000${i}_snapshot.json`), JSON.stringify(snapshot));
      }
      await writeFile(join(migrations, "meta", "_journal.json"), JSON.stringify({ version: "7", dialect, entries }));
    };
    /** The status, or the whole message of a refusal, which then shows in the failure of a test. */
    const outcome = (result: PushResult): string => (result.status === "refused" ? result.message : result.status);
    const fill = async (schema: Schema = usual): Promise<void> => {
      expect(outcome(await save(schema))).toBe("applied");
      const author = schema === usual ? "7" : "1";
      const size = schema === usual ? "1" : "2";
      await execute(rows[0] as string);
      await execute(
        (rows[1] as string)
          .replace("7", author)
          .replace("1, null", `${size}, null`)
          .replace("('kept', 1, null", `('kept', ${size}, null`),
      );
    };
    const tables = async (): Promise<string[]> => {
      const sql = {
        pg: "select table_name as name from information_schema.tables where table_schema = 'public'",
        sqlite: "select name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite_%'",
        mysql: "select table_name as name from information_schema.tables where table_schema = database()",
      };
      const names = (await execute(sql[dialect])).map((row) => String(row.name));
      return names.filter((each) => !each.startsWith("_convex_lite_") && !each.startsWith("__drizzle")).sort();
    };
    const contents = async (): Promise<unknown> => ({
      tables: await tables(),
      notes: await execute("select * from notes order by id"),
      people: await execute("select * from people"),
    });

    beforeAll(async () => {
      driver = await open();
      await createInternalTables(driver);
      // In the project, so that the schema finds drizzle-orm.
      folder = await mkdtemp(join(process.cwd(), "node_modules", ".schema-"));
    });
    beforeEach(async () => {
      const { own } = internalSql[dialect];
      if (dialect === "pg") await execute("drop schema public cascade", "create schema public");
      else if (dialect === "mysql") {
        const all = await execute(
          "select concat('`', table_name, '`') as name, table_type as type from information_schema.tables where table_schema = database() and table_name not like '\\_convex\\_lite%'",
        );
        await execute(
          "set foreign_key_checks = 0",
          ...all.map((row) => `drop ${row.type === "VIEW" ? "view" : "table"} ${row.name}`),
          "set foreign_key_checks = 1",
        );
      } else {
        const all = await execute(
          "select type, name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite%' and name not like '_convex_lite%'",
        );
        await execute("select 1", ...all.map((row) => `drop ${row.type} "${row.name}"`));
      }
      await execute(`delete from ${own("meta")} where ${quoted("key")} <> 'version'`);
    });
    afterAll(async () => {
      planner.close();
      await driver?.close();
      if (folder) await rm(folder, { recursive: true, force: true });
    });

    test("an empty database gets the tables; the next push has nothing to do", async () => {
      expect(outcome(await save(usual))).toBe("applied");
      expect(await save(usual)).toEqual({ status: "upToDate" });
      await fill({ ...usual, notes: { ...notes, more: w.text } });
    });

    test("after a push of a rich schema the next has nothing to do, and a later push makes only what was added", async () => {
      const saveText = async (text: string, accept?: string): Promise<PushResult> => {
        const schemaPath = join(folder, "schema.ts");
        await writeFile(schemaPath, text);
        return pushSchema({ driver, schemaPath, drizzleKit: planner, accept });
      };
      const text = richSchemas[dialect];
      try {
        expect(outcome(await saveText(text))).toBe("applied");
        expect(await saveText(text)).toEqual({ status: "upToDate" });
        await execute(`delete from ${internalSql[dialect].own("meta")} where ${quoted("key")} <> 'version'`);
        expect(await saveText(text)).toEqual({ status: "upToDate" });
        const longer = text
          .replace("parent: d.integer()", "parent: d.integer(), more: d.integer()")
          .replace("parent: d.int()", "parent: d.int(), more: d.int()");
        expect(await saveText(longer)).toMatchObject({
          status: "applied",
          statements: [expect.stringMatching(/ADD .*more/)],
        });
        expect(await saveText(longer)).toEqual({ status: "upToDate" });
        expect(outcome(await saveText(text))).toBe("applied");
        const emptied = await saveText("export {};");
        // PostgreSQL's schema has a sequence, whose number would be lost.
        const code = /--accept (\w+)/.exec(outcome(emptied))?.[1];
        expect(code !== undefined).toBe(dialect === "pg");
        expect(outcome(code ? await saveText("export {};", code) : emptied)).toBe("applied");
        expect(await tables()).toEqual([]);
      } finally {
        if (dialect === "pg") await execute("drop schema if exists my_app cascade");
      }
    });

    describe("when there are rows, nothing is changed, nothing is lost, and a sentence says why, when", () => {
      test.each(edits)("$story", async ({ to, reason, nothingIn, impossibleIn }) => {
        await fill();
        const before = await contents();
        const result = await save({
          ...to,
          more: `${to.more ?? ""}\nexport const others = TABLE("others", { id: ${w.id} });`,
        });
        if (nothingIn?.includes(dialect)) {
          expect(result).toMatchObject({
            status: "applied",
            statements: [expect.stringMatching(/^CREATE TABLE .others/)],
          });
          return;
        }
        expect(outcome(result).includes("pnpm dev --accept")).toBe(!impossibleIn?.includes(dialect));
        expect(result.status === "refused" && result.reasons.join("\n")).toMatch(reason);
        expect(await contents()).toEqual(before);
        expect(await save(usual)).toEqual({ status: "upToDate" });
      });
    });

    describe("when there are no rows, the database is changed, when", () => {
      test.each(edits)("$story", async ({ to, nothingIn }) => {
        expect(outcome(await save(usual))).toBe("applied");
        const result = await save(to);
        expect(outcome(result)).toBe(nothingIn?.includes(dialect) ? "upToDate" : "applied");
        expect(await save(to)).toEqual({ status: "upToDate" });
        expect(await tables()).not.toContainEqual(expect.stringContaining("__new"));
      });
    });

    test("when there are no rows, every edit may follow every other one", async () => {
      const all = [...edits, ...additions].map(({ story, to }) => ({ story, to }));
      for (const { story, to } of [...all, ...all.filter((_, i) => i % 3 === 0).reverse()]) {
        expect(outcome(await save(to)), story).toMatch(/^(applied|upToDate)$/);
        expect(await save(to), story).toEqual({ status: "upToDate" });
      }
    });

    describe("a table with rows gets", () => {
      test.each(additions)("$story", async ({ from = usual, to, shows }) => {
        await fill(from);
        const result = await save(to);
        expect(outcome(result)).toMatch(/^(applied|upToDate)$/);
        expect(await save(to)).toEqual({ status: "upToDate" });
        expect(await execute("select text from notes")).toEqual([{ text: "kept" }, { text: "kept" }]);
        if (shows) expect(await execute(shows)).toHaveLength(shows.endsWith("tags") ? 0 : 2);
        expect(await tables()).not.toContainEqual(expect.stringContaining("__new"));
      });
    });

    describe("the schema of the database is read from the database", () => {
      const forget = (): Promise<unknown> =>
        execute(`delete from ${internalSql[dialect].own("meta")} where ${quoted("key")} not in ('version', 'schema')`);

      test("when an earlier release, a migration or a push made it", async () => {
        await fill({ ...usual, notes: { ...notes, at: `${w.integer}.notNull().default(${w.now})` } });
        await forget();
        expect(await save({ ...usual, notes: { ...notes, at: `${w.integer}.notNull().default(${w.now})` } })).toEqual({
          status: "upToDate",
        });
        expect(await save(usual)).toMatchObject({ status: "refused", reasons: [expect.stringContaining('"at"')] });
      });

      test.each(edits)("when the refused statements were run by hand: $story", async ({ to, nothingIn }) => {
        if (nothingIn?.includes(dialect)) return;
        await fill();
        const refused = await save(to);
        expect(refused.status).toBe("refused");
        await execute("delete from notes");
        await execute("delete from people");
        for (const statement of refused.status === "refused" ? refused.statements : []) await execute(statement);
        expect(await save(to)).toEqual({ status: "upToDate" });
      });

      const statementFor = (result: PushResult): string =>
        /^ {2}(ALTER TABLE .* RENAME .*);\nOr change/m.exec(outcome(result))?.[1] ?? outcome(result);

      test("when the suggested renaming was run by hand", async () => {
        await fill();
        const to = { ...usual, notes: { ...notes, text: undefined, words: w.short(80) } };
        await execute(statementFor(await save(to)));
        expect(await save(to)).toEqual({ status: "upToDate" });
        expect(await execute("select words from notes")).toEqual([{ words: "kept" }, { words: "kept" }]);

        const users = `export const users = TABLE("users", { id: ${w.id}, name: ${w.short(80)} });`;
        const next = { ...to, people: undefined, more: users };
        await execute(statementFor(await save(next)));
        expect(outcome(await save(next))).toMatch(/^(applied|upToDate)$/);
        expect(await execute("select name from users")).toEqual([{ name: "ann" }]);
      });

      test("when a change was stopped after any of its statements", async () => {
        await fill();
        const to = {
          ...usual,
          notes: { ...notes, a: w.integer, b: `${w.integer}.references(() => people.id)` },
          rules: [...(usual.rules ?? []), 'd.index("notes_by_a").on(t.a)'],
          more: `export const tags = TABLE("tags", { id: ${w.id} });`,
        };
        const whole = await save(to);
        const statements = whole.status === "applied" ? whole.statements : [];
        expect(statements.length).toBeGreaterThan(3);
        for (let stopped = 0; stopped <= statements.length; stopped++) {
          await execute("drop table notes", "drop table if exists tags", "drop table people");
          expect(outcome(await save(usual))).toBe("applied");
          await execute(...rows);
          for (const statement of statements.slice(0, stopped)) await execute(statement);
          const rest = await save(to);
          expect(outcome(rest)).toBe(stopped < statements.length ? "applied" : "upToDate");
          expect(rest.status === "applied" ? rest.statements : []).toHaveLength(statements.length - stopped);
          expect(await save(to)).toEqual({ status: "upToDate" });
        }
      });
    });

    describe("a refused change is made", () => {
      const codeIn = (result: PushResult): string | undefined =>
        result.status === "refused" ? /pnpm dev --accept (\w+)/.exec(result.message)?.[1] : undefined;

      test("when its plan is accepted by its code, and no other plan is", async () => {
        await fill();
        const to = { ...usual, notes: { ...notes, text: undefined } };
        const code = codeIn(await save(to));
        const another = { ...usual, notes: { ...notes, author: undefined } };
        expect((await save(another, { accept: code })).status).toBe("refused");
        expect(outcome(await save(to, { accept: "0000" }))).toContain("`--accept 0000` is not the code of this plan.");
        expect(outcome(await save(to, { accept: code }))).toBe("applied");
        expect(await save(to)).toEqual({ status: "upToDate" });
        expect(await execute("select author from notes order by id")).toEqual([{ author: 7 }, { author: null }]);
      });

      test("never where the database itself refuses a row", async () => {
        await fill();
        const to = { ...usual, notes: { ...notes, text: `${w.short(80)}.unique()` } };
        const before = await contents();
        const result = await save(to, { accept: codeIn(await save(to)) });
        expect(result).toMatchObject({ status: "refused", reasons: [expect.stringContaining("The database refused")] });
        expect(codeIn(result)).toBeUndefined();
        expect(await contents()).toEqual(before);
        expect(await save(usual)).toEqual({ status: "upToDate" });
      });

      test("by a migration, and earlier migrations are recorded without being run", async () => {
        const migrations = join(folder, "drizzle");
        await fill();
        await generate(migrations, [usual], [["this is never run"]]);
        const to = { ...usual, notes: { ...notes, text: undefined } };
        const refused = await save(to, { migrations });
        expect(refused.status).toBe("refused");
        await generate(migrations, [usual, to], [[], refused.status === "refused" ? refused.statements : []]);
        // `drizzle-kit migrate` does not store the schema's fingerprint.
        await execute(`delete from ${internalSql[dialect].own("meta")} where ${quoted("key")} = 'schema'`);
        const log = { info() {}, warn() {}, error() {} };
        expect(await applyMigrations({ driver, folder: migrations, log })).toEqual({
          applied: ["0001_step"],
          recognised: [],
        });
        expect(await save(to, { migrations })).toEqual({ status: "upToDate" });
        expect(await applyMigrations({ driver, folder: migrations, log })).toEqual({ applied: [], recognised: [] });
        await execute(`delete from ${internalSql[dialect].migrations.table}`);
      });
    });

    test("tables, views and indexes that the schema never had are not touched", async () => {
      await fill();
      await execute(
        "create table theirs (id integer)",
        "create view their_view as select id from notes",
        "create index their_index on notes (author)",
        "insert into theirs values (1)",
      );
      expect(await save({ ...usual, notes: { ...notes, size: `${w.integer}.default(5)` } })).toMatchObject({
        status: "applied",
      });
      expect(await execute("select id from their_view")).toHaveLength(2);
      expect(await save({ ...usual, notes: { ...notes, size: `${w.integer}.default(5)` } })).toEqual({
        status: "upToDate",
      });
      await execute("drop view their_view");
      await execute("delete from notes");
      await execute("delete from people");
      expect(await save({})).toMatchObject({ status: "applied" });
      expect(await tables()).toEqual(["theirs"]);
    });

    test("of servers that push at the same time, one changes the database and the others find it done", async () => {
      if (!driver.shared) return;
      const others = await Promise.all([open(), open()]);
      const schemaPath = join(folder, "schema.ts");
      await writeFile(schemaPath, written(usual));
      const all = await Promise.all(
        [driver, ...others].map((each) => pushSchema({ driver: each, schemaPath, drizzleKit: planner })),
      );
      expect(all.map(outcome).sort()).toEqual(["applied", "upToDate", "upToDate"]);
      await Promise.all(others.map((each) => each.close()));
    });

    test("a schema of another database is refused with the reason", async () => {
      const schemaPath = join(folder, "schema.ts");
      const other = schemaEdits(dialect === "pg" ? "sqlite" : "pg").writing;
      await writeFile(
        schemaPath,
        `import * as d from "${other.module}"; export const a = d.${other.table}("a", { id: ${other.integer} });`,
      );
      const result = await pushSchema({ driver, schemaPath, drizzleKit: planner });
      expect(result).toMatchObject({ status: "refused", reasons: [expect.stringContaining("another database")] });
    });
  });
}
