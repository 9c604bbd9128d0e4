import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { inTransaction } from "../alone.ts";
import { applyMigrations } from "../apply-migrations.ts";
import { type BringInLineOptions, type BroughtInLine, bringInLine } from "../bring-in-line.ts";
import { dialects } from "../dialects.ts";
import type { Dialect, Driver } from "../driver.ts";
import { createInternalTables } from "../internal-tables.ts";
import { SchemaPlanner } from "../schema-planner.ts";

/** How a schema is written in one dialect. */
interface Writing {
  module: string;
  table: string;
  id: string;
  /** A text of limited length; SQLite limits none. */
  short(length: number): string;
  text: string;
  integer: string;
  /** Before the tables, and the type of a column. */
  mood(...values: string[]): { before: string; type: string };
  /** An expression that fills a column of integers. */
  now: string;
}

const writings: Record<Dialect, Writing> = {
  pg: {
    module: "drizzle-orm/pg-core",
    table: "pgTable",
    id: "d.integer().primaryKey().generatedAlwaysAsIdentity()",
    short: (length) => `d.varchar({ length: ${length} })`,
    text: "d.text()",
    integer: "d.integer()",
    mood: (...values) => ({
      before: `export const mood = d.pgEnum("mood", ${JSON.stringify(values)});`,
      type: "mood()",
    }),
    now: "sql`(extract(epoch from now()))::integer`",
  },
  sqlite: {
    module: "drizzle-orm/sqlite-core",
    table: "sqliteTable",
    id: "d.integer().primaryKey({ autoIncrement: true })",
    short: () => "d.text()",
    text: "d.text()",
    integer: "d.integer()",
    mood: (...values) => ({ before: "", type: `d.text({ enum: ${JSON.stringify(values)} })` }),
    now: "sql`(unixepoch())`",
  },
  mysql: {
    module: "drizzle-orm/mysql-core",
    table: "mysqlTable",
    id: "d.int().autoincrement().primaryKey()",
    short: (length) => `d.varchar({ length: ${length} })`,
    text: "d.text()",
    integer: "d.int()",
    mood: (...values) => ({ before: "", type: `d.mysqlEnum(${JSON.stringify(values)})` }),
    now: "sql`(unix_timestamp())`",
  },
};

/** What `convex/schema.ts` may hold. Undefined columns are left out. */
interface Schema {
  notes?: Record<string, string | undefined> | undefined;
  people?: Record<string, string | undefined> | undefined;
  /** Rules of `notes`, as Drizzle's third argument has them, with `t` for the table. */
  rules?: string[];
  moods?: string[];
  more?: string;
}

/** One edit that is not to be made beside rows, and what the reason names. */
interface Edit {
  story: string;
  to: Schema;
  reason: RegExp;
  /** Dialects in which the database has nothing to do with it. */
  nothingIn?: Dialect[];
}

/** Every database that development changes follows the schema by this suite. */
export function followsSchema(name: string, dialect: Dialect, open: () => Promise<Driver>): void {
  const w = writings[dialect];
  const { quoted } = dialects[dialect];

  const people = { id: w.id, name: w.short(80) };
  const notes = { id: w.id, text: w.short(80), size: w.integer, author: w.integer, mood: "MOOD" };
  const usual: Schema = { notes, people, rules: ['d.index("notes_by_size").on(t.size)'], moods: ["good", "bad"] };

  function written({ notes, people, rules = [], moods = ["good", "bad"], more = "" }: Schema): string {
    const mood = w.mood(...moods);
    const columns = (of: Record<string, string | undefined>): string =>
      Object.entries(of)
        .flatMap(([column, type]) => (type === undefined ? [] : [`${column}: ${type.replace("MOOD", mood.type)}`]))
        .join(", ");
    return [
      `import * as d from "${w.module}";`,
      'import { sql } from "drizzle-orm";',
      mood.before,
      people ? `export const people = d.${w.table}("people", { ${columns(people)} });` : "",
      notes ? `export const notes = d.${w.table}("notes", { ${columns(notes)} }, (t) => [${rules.join(", ")}]);` : "",
      more.replaceAll("TABLE", `d.${w.table}`),
    ].join("\n");
  }

  const rows = [
    `insert into people (name) values ('ann')`,
    `insert into notes (text, size, author, mood) values ('kept', 1, 7, 'bad'), ('kept', 1, null, null)`,
  ];

  const edits: Edit[] = [
    {
      story: "a column is dropped",
      to: { ...usual, notes: { ...notes, text: undefined } },
      reason: /"text" of "notes" would be dropped/,
    },
    {
      story: "a column with an index is dropped",
      to: { ...usual, notes: { ...notes, size: undefined }, rules: [] },
      reason: /"size" of "notes" would be dropped/,
    },
    { story: "a table is dropped", to: { ...usual, people: undefined }, reason: /"people" .* would be dropped/ },
    {
      story: "a column is renamed",
      to: { ...usual, notes: { ...notes, text: undefined, words: w.short(80) } },
      reason: /"text" of "notes" is gone .* "words" new: only you know/,
    },
    {
      story: "two columns are renamed",
      to: { ...usual, notes: { ...notes, text: undefined, author: undefined, words: w.short(80), by: w.integer } },
      reason: /"text", "author" of "notes" .* "words", "by" new/,
    },
    {
      story: "a column is renamed in the schema only, by its type becoming another's",
      to: { ...usual, notes: { ...notes, size: undefined, bytes: w.text }, rules: [] },
      reason: /"size" of "notes" is gone .* "bytes" new/,
    },
    {
      story: "a table is renamed",
      to: {
        ...usual,
        people: undefined,
        more: `export const users = TABLE("users", { id: ${w.id}, name: ${w.short(80)} });`,
      },
      reason: /"people" is gone .* "users" is new: only you know/,
    },
    {
      story: "a column moves to another table",
      to: { ...usual, notes: { ...notes, text: undefined }, people: { ...people, text: w.short(80) } },
      reason: /"text" of "notes" would be dropped/,
    },
    {
      story: "a column changes its type",
      to: { ...usual, notes: { ...notes, text: w.integer } },
      reason: /"text" of "notes" would change its type/,
    },
    {
      story: "a number becomes a text",
      to: { ...usual, notes: { ...notes, size: w.text }, rules: [] },
      reason: /"size" of "notes" would change its type/,
    },
    {
      story: "a text becomes shorter",
      to: { ...usual, notes: { ...notes, text: w.short(3) } },
      reason: /"text" of "notes" would change its type from .*80.* to .*3/,
      nothingIn: ["sqlite"],
    },
    {
      story: "a required column comes without a default",
      to: { ...usual, notes: { ...notes, title: `${w.text}.notNull()` } },
      reason: /"title" of "notes" is required and has no default.*Give it a \.default/,
    },
    {
      story: "a column becomes required",
      to: { ...usual, notes: { ...notes, author: `${w.integer}.notNull()` } },
      reason: /"author" of "notes" becomes required/,
    },
    {
      story: "a required column comes while another changes its type",
      to: { ...usual, notes: { ...notes, title: `${w.text}.notNull()`, text: w.integer } },
      reason: /"title" of "notes" is required/,
    },
    {
      story: "a column with duplicates becomes unique",
      to: { ...usual, notes: { ...notes, text: `${w.short(80)}.unique()` } },
      reason: /differ by \("text"\) in table "notes"/,
    },
    {
      story: "a unique index is laid over duplicates",
      to: { ...usual, rules: [...(usual.rules ?? []), 'd.uniqueIndex("notes_once").on(t.text, t.size)'] },
      reason: /differ by \("text", "size"\) in table "notes"/,
    },
    {
      story: "an index becomes unique",
      to: { ...usual, rules: ['d.uniqueIndex("notes_by_size").on(t.size)'] },
      reason: /differ by \("size"\) in table "notes"/,
    },
    {
      story: "a value is taken from an enum",
      to: { ...usual, moods: ["good"] },
      reason: /"mood" of "notes"/,
      nothingIn: ["sqlite"],
    },
    {
      story: "a value of an enum is renamed",
      to: { ...usual, moods: ["good", "sad"] },
      reason: /"mood" of "notes"/,
      nothingIn: ["sqlite"],
    },
    {
      story: "the primary key becomes another column",
      to: { ...usual, notes: { ...notes, id: w.integer, size: `${w.integer}.primaryKey()` }, rules: [] },
      reason: /primary key of "notes" becomes \("size"\)/,
    },
    {
      story: "the primary key gets another column",
      to: {
        ...usual,
        notes: { ...notes, id: w.integer, text: `${w.short(80)}.notNull()` },
        rules: ['d.primaryKey({ columns: [t.id, t.text], name: "notes_key" })'],
      },
      reason: /primary key of "notes" becomes \("id", "text"\)/,
    },
    {
      story: "the primary key is dropped",
      to: { ...usual, notes: { ...notes, id: w.integer } },
      reason: /primary key \("id"\) of "notes" would be dropped/,
    },
    {
      story: "a foreign key comes that rows violate",
      to: { ...usual, notes: { ...notes, author: `${w.integer}.references(() => people.id)` } },
      reason: /refer to rows of "people" by \("author"\) in table "notes"/,
    },
    {
      story: "a check comes that rows violate",
      to: { ...usual, rules: [...(usual.rules ?? []), 'd.check("notes_big", sql`size > 5`)'] },
      reason: /check "notes_big" .*size.* in table "notes"/,
    },
    {
      story: "a column becomes a computed one",
      to: { ...usual, notes: { ...notes, size: `${w.integer}.generatedAlwaysAs(sql\`1 + 1\`)` }, rules: [] },
      reason: /"size" of "notes" would be computed/,
    },
    {
      story: "everything is dropped",
      to: {},
      reason: /"notes" is gone .* it would be dropped with its rows/,
    },
  ];

  /** Edits that lose and refuse nothing, and what they do to rows that are there. */
  const additions: Array<{ story: string; to: Schema; shows?: string; from?: Schema }> = [
    {
      story: "a table",
      to: { ...usual, more: `export const tags = TABLE("tags", { id: ${w.id} });` },
      shows: "select * from tags",
    },
    { story: "a column", to: { ...usual, notes: { ...notes, title: w.text } }, shows: "select title from notes" },
    {
      story: "a required column with a default",
      to: { ...usual, notes: { ...notes, title: `${w.short(80)}.notNull().default("not null")` } },
      shows: "select id from notes where title = 'not null'",
    },
    {
      story: "a required column that an expression fills",
      to: { ...usual, notes: { ...notes, at: `${w.integer}.notNull().default(${w.now})` } },
      shows: "select id from notes where at > 1000000",
    },
    {
      story: "two columns, one with an index, while another's default changes",
      to: {
        ...usual,
        notes: { ...notes, size: `${w.integer}.default(3)`, a: w.integer, b: w.integer },
        rules: [...(usual.rules ?? []), 'd.index("notes_by_a").on(t.a)'],
      },
      shows: "select a, b from notes where size = 1",
    },
    {
      story: "a column that points to another table, alone and unique",
      to: { ...usual, notes: { ...notes, editor: `${w.integer}.references(() => people.id).unique()` } },
      shows: "select editor from notes",
    },
    {
      story: "a table that points to an old one",
      to: {
        ...usual,
        more: `export const tags = TABLE("tags", { note: ${w.integer}.references(() => notes.id, { onDelete: "cascade" }) });`,
      },
      shows: "select note from tags",
    },
    { story: "a value of an enum", to: { ...usual, moods: ["good", "bad", "sad"] } },
    { story: "a longer text", to: { ...usual, notes: { ...notes, text: w.short(200) } } },
    {
      story: "an optional column instead of a required one",
      from: { ...usual, notes: { ...notes, text: `${w.short(80)}.notNull()` } },
      to: usual,
    },
    {
      story: "no index, unique constraint, check and foreign key any more",
      from: {
        ...usual,
        notes: { ...notes, size: `${w.integer}.unique()`, author: `${w.integer}.references(() => people.id)` },
        rules: [...(usual.rules ?? []), 'd.check("notes_big", sql`size < 5`)'],
      },
      to: { ...usual, rules: [] },
    },
  ];

  describe(`${name} follows the schema`, () => {
    const planner = new SchemaPlanner();
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
      more: Pick<BringInLineOptions, "accept" | "migrations"> = {},
    ): Promise<BroughtInLine> => {
      const schemaPath = join(folder, "schema.ts");
      await writeFile(schemaPath, written(schema));
      return bringInLine({ driver, schemaPath, planner, ...more });
    };
    /** Writes the migration that leads to a schema from nothing, or only notes its snapshot, as drizzle-kit would. */
    const generate = async (migrations: string, schemas: readonly Schema[], statements: string[][]): Promise<void> => {
      await mkdir(join(migrations, "meta"), { recursive: true });
      const entries = schemas.map((_, idx) => ({ idx, version: "7", when: 1_000 + idx, tag: `000${idx}_step` }));
      for (const [i, schema] of schemas.entries()) {
        const schemaPath = join(folder, "generated.ts");
        await writeFile(schemaPath, written(schema));
        const { snapshots } = await planner.read(schemaPath);
        const sql = (statements[i] ?? []).join("\n--> statement-breakpoint\n");
        await writeFile(join(migrations, `000${i}_step.sql`), sql);
        // drizzle-kit's command notes more than its API does.
        const snapshot = { ...snapshots[dialect], _meta: { schemas: {}, tables: {}, columns: {} } };
        await writeFile(join(migrations, "meta", `000${i}_snapshot.json`), JSON.stringify(snapshot));
      }
      await writeFile(join(migrations, "meta", "_journal.json"), JSON.stringify({ version: "7", dialect, entries }));
    };
    /** Of what was refused the whole story, for whoever reads why a test failed. */
    const outcome = (result: BroughtInLine): string => (result.status === "refused" ? result.message : result.status);
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
    }, 60_000);
    beforeEach(async () => {
      const { own } = dialects[dialect];
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
      await rm(folder, { recursive: true, force: true });
    });

    test("an empty database gets the tables; after that there is nothing to do", async () => {
      expect(outcome(await save(usual))).toBe("applied");
      expect(await save(usual)).toEqual({ status: "inLine" });
      await fill({ ...usual, notes: { ...notes, more: w.text } });
    });

    describe("beside rows, nothing is done and nothing lost, and a sentence says why, when", () => {
      test.each(edits)("$story", async ({ to, reason, nothingIn }) => {
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
        expect(result).toMatchObject({ status: "refused", message: expect.stringContaining("pnpm ") });
        expect(result.status === "refused" && result.reasons.join("\n")).toMatch(reason);
        expect(await contents()).toEqual(before);
        expect(await save(usual)).toEqual({ status: "inLine" });
      });
    });

    describe("without rows it is done, when", () => {
      test.each(edits)("$story", async ({ to, nothingIn }) => {
        expect(outcome(await save(usual))).toBe("applied");
        const result = await save(to);
        expect(outcome(result)).toBe(nothingIn?.includes(dialect) ? "inLine" : "applied");
        expect(await save(to)).toEqual({ status: "inLine" });
        expect(await tables()).not.toContainEqual(expect.stringContaining("__new"));
      });
    });

    describe("beside rows there comes", () => {
      test.each(additions)("$story", async ({ from = usual, to, shows }) => {
        await fill(from);
        const result = await save(to);
        expect(outcome(result)).toMatch(/^(applied|inLine)$/);
        expect(await save(to)).toEqual({ status: "inLine" });
        expect(await execute("select text from notes")).toEqual([{ text: "kept" }, { text: "kept" }]);
        if (shows) expect(await execute(shows)).toHaveLength(shows.endsWith("tags") ? 0 : 2);
        expect(await tables()).not.toContainEqual(expect.stringContaining("__new"));
      });
    });

    describe("the database is taken for what it is", () => {
      const forget = (): Promise<unknown> =>
        execute(`delete from ${dialects[dialect].own("meta")} where ${quoted("key")} not in ('version', 'schema')`);

      test("when an earlier release, a migration or a push made it", async () => {
        await fill({ ...usual, notes: { ...notes, at: `${w.integer}.notNull().default(${w.now})` } });
        await forget();
        expect(await save({ ...usual, notes: { ...notes, at: `${w.integer}.notNull().default(${w.now})` } })).toEqual({
          status: "inLine",
        });
        expect(await save(usual)).toMatchObject({ status: "refused", reasons: [expect.stringContaining('"at"')] });
      });

      test.each(edits)("when somebody did what was refused: $story", async ({ to, nothingIn }) => {
        if (nothingIn?.includes(dialect)) return;
        await fill();
        const refused = await save(to);
        expect(refused.status).toBe("refused");
        await execute("delete from notes");
        await execute("delete from people");
        for (const statement of refused.status === "refused" ? refused.statements : []) await execute(statement);
        expect(await save(to)).toEqual({ status: "inLine" });
      });

      test("when somebody renamed by hand what was renamed", async () => {
        await fill();
        const to = { ...usual, notes: { ...notes, text: undefined, words: w.short(80) } };
        expect((await save(to)).status).toBe("refused");
        await execute("alter table notes rename column text to words");
        expect(await save(to)).toEqual({ status: "inLine" });
        expect(await execute("select words from notes")).toEqual([{ words: "kept" }, { words: "kept" }]);
      });

      test("when a change was stopped half way", async () => {
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
          expect(outcome(rest)).toBe(stopped < statements.length ? "applied" : "inLine");
          expect(rest.status === "applied" ? rest.statements : []).toHaveLength(statements.length - stopped);
          expect(await save(to)).toEqual({ status: "inLine" });
        }
      });
    });

    describe("what was refused is done", () => {
      const codeIn = (result: BroughtInLine): string | undefined =>
        result.status === "refused" ? /pnpm dev --accept (\w+)/.exec(result.message)?.[1] : undefined;

      test("when the plan that was read is accepted, and no other", async () => {
        await fill();
        const to = { ...usual, notes: { ...notes, text: undefined } };
        const code = codeIn(await save(to));
        const another = { ...usual, notes: { ...notes, author: undefined } };
        expect((await save(another, { accept: code })).status).toBe("refused");
        expect((await save(to, { accept: "0000" })).status).toBe("refused");
        expect(outcome(await save(to, { accept: code }))).toBe("applied");
        expect(await save(to)).toEqual({ status: "inLine" });
        expect(await execute("select author from notes order by id")).toEqual([{ author: 7 }, { author: null }]);
      });

      test("never where the database itself refuses a row", async () => {
        await fill();
        const to = { ...usual, notes: { ...notes, text: `${w.short(80)}.unique()` } };
        const before = await contents();
        const result = await save(to, { accept: codeIn(await save(to)) });
        expect(result).toMatchObject({ status: "refused", reasons: [expect.stringContaining("The database refused")] });
        expect(await contents()).toEqual(before);
        expect(await save(usual)).toEqual({ status: "inLine" });
      });

      test("by a migration, before which the database is known to have had the earlier ones", async () => {
        const migrations = join(folder, "drizzle");
        await fill();
        await generate(migrations, [usual], [["this is never run"]]);
        const to = { ...usual, notes: { ...notes, text: undefined } };
        const refused = await save(to, { migrations });
        expect(refused.status).toBe("refused");
        await generate(migrations, [usual, to], [[], refused.status === "refused" ? refused.statements : []]);
        // As `drizzle-kit migrate` does.
        await execute(`delete from ${dialects[dialect].own("meta")} where ${quoted("key")} = 'schema'`);
        const log = { info() {}, warn() {}, error() {} };
        expect(await applyMigrations({ driver, folder: migrations, log })).toEqual({
          applied: ["0001_step"],
          recognised: [],
        });
        expect(await save(to, { migrations })).toEqual({ status: "inLine" });
        expect(await applyMigrations({ driver, folder: migrations, log })).toEqual({ applied: [], recognised: [] });
        await execute(`delete from ${dialects[dialect].migrations.table}`);
      });
    });

    test("what somebody else made in the database is not touched", async () => {
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
        status: "inLine",
      });
      await execute("drop view their_view");
      await execute("delete from notes");
      await execute("delete from people");
      expect(await save({})).toMatchObject({ status: "applied" });
      expect(await tables()).toEqual(["theirs"]);
    });

    test("a schema of another database is refused with the reason", async () => {
      const schemaPath = join(folder, "schema.ts");
      const [other] = Object.values(writings).filter((each) => each !== w);
      await writeFile(
        schemaPath,
        `import * as d from "${other?.module}"; export const a = d.${other?.table}("a", { id: ${other?.integer} });`,
      );
      const result = await bringInLine({ driver, schemaPath, planner });
      expect(result).toMatchObject({ status: "refused", reasons: [expect.stringContaining("another database")] });
    });
  });
}
