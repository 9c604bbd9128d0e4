import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Dialect, Driver } from "../../../../lib/database/driver/driver.ts";
import { internalSql } from "../../../../lib/database/internal/internal-sql.ts";
import { applyMigrations } from "../../../../lib/schema/migrations/apply-migrations.ts";
import { type PushResult, pushSchema } from "../../../../lib/schema/push-schema.ts";
import { richSchemas } from "./rich-schemas.ts";
import { schemaEdits } from "./schema-edits.ts";
import { outcome, SchemaInUse } from "./schema-in-use.ts";

/** Runs the suite of what a push of the schema does against one kind of database. */
export function followsSchema(name: string, dialect: Dialect, open: () => Promise<Driver>): void {
  describe(`${name} follows the schema`, () => {
    const use = new SchemaInUse(dialect, open);
    beforeAll(() => use.start());
    beforeEach(() => use.reset());
    afterAll(() => use.stop());

    startsEmpty(use);
    keepsRows(use);
    readsTheDatabase(use);
    acceptsRefusedChanges(use);
    leavesOthersAlone(use);
  });
}

function startsEmpty(use: SchemaInUse): void {
  const { dialect } = use;
  const { writing: w, usual } = use.edits;

  test("an empty database gets the tables; the next push has nothing to do", async () => {
    expect(outcome(await use.save(usual))).toBe("applied");
    expect(await use.save(usual)).toEqual({ status: "upToDate" });
    await use.fill({ ...usual, notes: { ...usual.notes, more: w.text } });
  });

  test("after a push of a rich schema the next has nothing to do, and a later push makes only what was added", async () => {
    const text = richSchemas[dialect];
    try {
      expect(outcome(await use.saveText(text))).toBe("applied");
      expect(await use.saveText(text)).toEqual({ status: "upToDate" });
      await use.forget("version");
      expect(await use.saveText(text)).toEqual({ status: "upToDate" });
      const longer = text
        .replace("parent: d.integer()", "parent: d.integer(), more: d.integer()")
        .replace("parent: d.int()", "parent: d.int(), more: d.int()");
      expect(await use.saveText(longer)).toMatchObject({
        status: "applied",
        statements: [expect.stringMatching(/ADD .*more/)],
      });
      expect(await use.saveText(longer)).toEqual({ status: "upToDate" });
      expect(outcome(await use.saveText(text))).toBe("applied");
      const emptied = await use.saveText("export {};");
      // PostgreSQL's schema has a sequence, whose number would be lost.
      const code = /--accept (\w+)/.exec(outcome(emptied))?.[1];
      expect(code !== undefined).toBe(dialect === "pg");
      expect(outcome(code ? await use.saveText("export {};", { accept: code }) : emptied)).toBe("applied");
      expect(await use.tables()).toEqual([]);
    } finally {
      if (dialect === "pg") await use.execute("drop schema if exists my_app cascade");
    }
  });
}

function keepsRows(use: SchemaInUse): void {
  const { dialect } = use;
  const { writing: w, usual, edits, additions } = use.edits;

  describe("when there are rows, nothing is changed, nothing is lost, and a sentence says why, when", () => {
    test.each(edits)("$story", async ({ to, reason, nothingIn, impossibleIn }) => {
      await use.fill();
      const before = await use.contents();
      const result = await use.save({
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
      expect(outcome(result).includes("convex-lite dev --accept")).toBe(!impossibleIn?.includes(dialect));
      expect(result.status === "refused" && result.reasons.join("\n")).toMatch(reason);
      expect(await use.contents()).toEqual(before);
      expect(await use.save(usual)).toEqual({ status: "upToDate" });
    });
  });

  describe("when there are no rows, the database is changed, when", () => {
    test.each(edits)("$story", async ({ to, nothingIn }) => {
      expect(outcome(await use.save(usual))).toBe("applied");
      const result = await use.save(to);
      expect(outcome(result)).toBe(nothingIn?.includes(dialect) ? "upToDate" : "applied");
      expect(await use.save(to)).toEqual({ status: "upToDate" });
      expect(await use.tables()).not.toContainEqual(expect.stringContaining("__new"));
    });
  });

  test("when there are no rows, every edit may follow every other one", async () => {
    const all = [...edits, ...additions].map(({ story, to }) => ({ story, to }));
    for (const { story, to } of [...all, ...all.filter((_, i) => i % 3 === 0).reverse()]) {
      expect(outcome(await use.save(to)), story).toMatch(/^(applied|upToDate)$/);
      expect(await use.save(to), story).toEqual({ status: "upToDate" });
    }
  });

  describe("a table with rows gets", () => {
    test.each(additions)("$story", async ({ from = usual, to, shows }) => {
      await use.fill(from);
      const result = await use.save(to);
      expect(outcome(result)).toMatch(/^(applied|upToDate)$/);
      expect(await use.save(to)).toEqual({ status: "upToDate" });
      expect(await use.execute("select text from notes")).toEqual([{ text: "kept" }, { text: "kept" }]);
      if (shows) expect(await use.execute(shows)).toHaveLength(shows.endsWith("tags") ? 0 : 2);
      expect(await use.tables()).not.toContainEqual(expect.stringContaining("__new"));
    });
  });
}

function readsTheDatabase(use: SchemaInUse): void {
  const { dialect } = use;
  const { writing: w, usual, rows, edits } = use.edits;

  describe("the schema of the database is read from the database", () => {
    test("when an earlier release, a migration or a push made it", async () => {
      await use.fill({ ...usual, notes: { ...usual.notes, at: `${w.integer}.notNull().default(${w.now})` } });
      await use.forget("version", "schema");
      expect(
        await use.save({ ...usual, notes: { ...usual.notes, at: `${w.integer}.notNull().default(${w.now})` } }),
      ).toEqual({
        status: "upToDate",
      });
      expect(await use.save(usual)).toMatchObject({ status: "refused", reasons: [expect.stringContaining('"at"')] });
    });

    test.each(edits)("when the refused statements were run by hand: $story", async ({ to, nothingIn }) => {
      if (nothingIn?.includes(dialect)) return;
      await use.fill();
      const refused = await use.save(to);
      expect(refused.status).toBe("refused");
      await use.execute("delete from notes");
      await use.execute("delete from people");
      for (const statement of refused.status === "refused" ? refused.statements : []) await use.execute(statement);
      expect(await use.save(to)).toEqual({ status: "upToDate" });
    });

    const statementFor = (result: PushResult): string =>
      /^ {2}(ALTER TABLE .* RENAME .*);\nOr change/m.exec(outcome(result))?.[1] ?? outcome(result);

    test("when the suggested renaming was run by hand", async () => {
      await use.fill();
      const to = { ...usual, notes: { ...usual.notes, text: undefined, words: w.short(80) } };
      await use.execute(statementFor(await use.save(to)));
      expect(await use.save(to)).toEqual({ status: "upToDate" });
      expect(await use.execute("select words from notes")).toEqual([{ words: "kept" }, { words: "kept" }]);

      const users = `export const users = TABLE("users", { id: ${w.id}, name: ${w.short(80)} });`;
      const next = { ...to, people: undefined, more: users };
      await use.execute(statementFor(await use.save(next)));
      expect(outcome(await use.save(next))).toMatch(/^(applied|upToDate)$/);
      expect(await use.execute("select name from users")).toEqual([{ name: "ann" }]);
    });

    test("when a change was stopped after any of its statements", async () => {
      await use.fill();
      const to = {
        ...usual,
        notes: { ...usual.notes, a: w.integer, b: `${w.integer}.references(() => people.id)` },
        rules: [...(usual.rules ?? []), 'd.index("notes_by_a").on(t.a)'],
        more: `export const tags = TABLE("tags", { id: ${w.id} });`,
      };
      const whole = await use.save(to);
      const statements = whole.status === "applied" ? whole.statements : [];
      expect(statements.length).toBeGreaterThan(3);
      for (let stopped = 0; stopped <= statements.length; stopped++) {
        await use.execute("drop table notes", "drop table if exists tags", "drop table people");
        expect(outcome(await use.save(usual))).toBe("applied");
        await use.execute(...rows);
        for (const statement of statements.slice(0, stopped)) await use.execute(statement);
        const rest = await use.save(to);
        expect(outcome(rest)).toBe(stopped < statements.length ? "applied" : "upToDate");
        expect(rest.status === "applied" ? rest.statements : []).toHaveLength(statements.length - stopped);
        expect(await use.save(to)).toEqual({ status: "upToDate" });
      }
    });
  });
}

function acceptsRefusedChanges(use: SchemaInUse): void {
  const { dialect } = use;
  const { writing: w, usual } = use.edits;

  describe("a refused change is made", () => {
    const codeIn = (result: PushResult): string | undefined =>
      result.status === "refused" ? /convex-lite dev --accept (\w+)/.exec(result.message)?.[1] : undefined;

    test("when its plan is accepted by its code, and no other plan is", async () => {
      await use.fill();
      const to = { ...usual, notes: { ...usual.notes, text: undefined } };
      const code = codeIn(await use.save(to));
      const another = { ...usual, notes: { ...usual.notes, author: undefined } };
      expect((await use.save(another, { accept: code })).status).toBe("refused");
      expect(outcome(await use.save(to, { accept: "0000" }))).toContain(
        "`--accept 0000` is not the code of this plan.",
      );
      expect(outcome(await use.save(to, { accept: code }))).toBe("applied");
      expect(await use.save(to)).toEqual({ status: "upToDate" });
      expect(await use.execute("select author from notes order by id")).toEqual([{ author: 7 }, { author: null }]);
    });

    test("never where the database itself refuses a row", async () => {
      await use.fill();
      const to = { ...usual, notes: { ...usual.notes, text: `${w.short(80)}.unique()` } };
      const before = await use.contents();
      const result = await use.save(to, { accept: codeIn(await use.save(to)) });
      expect(result).toMatchObject({ status: "refused", reasons: [expect.stringContaining("The database refused")] });
      expect(codeIn(result)).toBeUndefined();
      expect(await use.contents()).toEqual(before);
      expect(await use.save(usual)).toEqual({ status: "upToDate" });
    });

    test("by a migration, and earlier migrations are recorded without being run", async () => {
      const migrations = join(use.folder, "drizzle");
      await use.fill();
      await use.generate(migrations, [usual], [["this is never run"]]);
      const to = { ...usual, notes: { ...usual.notes, text: undefined } };
      const refused = await use.save(to, { migrations });
      expect(refused.status).toBe("refused");
      await use.generate(migrations, [usual, to], [[], refused.status === "refused" ? refused.statements : []]);
      // `drizzle-kit migrate` does not store the schema's fingerprint.
      const { own, quoted } = internalSql[dialect];
      await use.execute(`delete from ${own("meta")} where ${quoted("key")} = 'schema'`);
      const log = { info() {}, warn() {}, error() {} };
      expect(await applyMigrations({ driver: use.driver, folder: migrations, log })).toEqual({
        applied: ["0001_step"],
        recognised: [],
      });
      expect(await use.save(to, { migrations })).toEqual({ status: "upToDate" });
      expect(await applyMigrations({ driver: use.driver, folder: migrations, log })).toEqual({
        applied: [],
        recognised: [],
      });
      await use.execute(`delete from ${internalSql[dialect].migrations.table}`);
    });
  });
}

function leavesOthersAlone(use: SchemaInUse): void {
  const { dialect } = use;
  const { writing: w, usual, written } = use.edits;

  test("tables, views and indexes that the schema never had are not touched", async () => {
    await use.fill();
    await use.execute(
      "create table theirs (id integer)",
      "create view their_view as select id from notes",
      "create index their_index on notes (author)",
      "insert into theirs values (1)",
    );
    expect(await use.save({ ...usual, notes: { ...usual.notes, size: `${w.integer}.default(5)` } })).toMatchObject({
      status: "applied",
    });
    expect(await use.execute("select id from their_view")).toHaveLength(2);
    expect(await use.save({ ...usual, notes: { ...usual.notes, size: `${w.integer}.default(5)` } })).toEqual({
      status: "upToDate",
    });
    await use.execute("drop view their_view");
    await use.execute("delete from notes");
    await use.execute("delete from people");
    expect(await use.save({})).toMatchObject({ status: "applied" });
    expect(await use.tables()).toEqual(["theirs"]);
  });

  test("of servers that push at the same time, one changes the database and the others find it done", async () => {
    if (!use.driver.shared) return;
    const others = await Promise.all([use.open(), use.open()]);
    const { schemaPath } = use;
    await writeFile(schemaPath, written(usual));
    const all = await Promise.all(
      [use.driver, ...others].map((each) => pushSchema({ driver: each, schemaPath, drizzleKit: use.planner })),
    );
    expect(all.map(outcome).sort()).toEqual(["applied", "upToDate", "upToDate"]);
    await Promise.all(others.map((each) => each.close()));
  });

  test("a schema of another database is refused with the reason", async () => {
    const { schemaPath } = use;
    const other = schemaEdits(dialect === "pg" ? "sqlite" : "pg").writing;
    await writeFile(
      schemaPath,
      `import * as d from "${other.module}"; export const a = d.${other.table}("a", { id: ${other.integer} });`,
    );
    const result = await pushSchema({ driver: use.driver, schemaPath, drizzleKit: use.planner });
    expect(result).toMatchObject({ status: "refused", reasons: [expect.stringContaining("another database")] });
  });
}
