import { integer, sqliteTable } from "drizzle-orm/sqlite-core";
import { afterEach, describe, expect, test } from "vitest";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import type { Driver } from "../../database/driver/driver.ts";
import { inTransaction } from "../../database/internal/database-lock.ts";
import { openTemporaryDatabase } from "../../database/temporary-database.ts";
import { missingMigration } from "../../schema/migrations/missing-migration.ts";
import { DrizzleKitProcess } from "../../schema/snapshot/drizzle-kit-process.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { FunctionLoader } from "./load-functions.ts";
import { serveFunctions } from "./serve-functions.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const config = (options: string) => `
import { defineConfig } from "drizzle-kit";
export default defineConfig({ dialect: "sqlite", schema: "./convex/schema.ts", out: "./drizzle", ${options} });`;

const people = {
  pg: 'import { integer, pgTable as table, text } from "drizzle-orm/pg-core";',
  sqlite: 'import { integer, sqliteTable as table, text } from "drizzle-orm/sqlite-core";',
};
const schemaIn = (dialect: keyof typeof people) => `${people[dialect]}
export const people = table("people", { id: integer().primaryKey(), firstName: text() });`;

interface Served {
  database: Driver;
  clock: HandClock;
  /** All rows, as a query of the author reads them. */
  rows(): Promise<unknown>;
  execute(sql: string): Promise<Record<string, unknown>[]>;
}

/** Serves a project, as `server.ts` does. */
async function serve(files: Record<string, string>, development: boolean, dialect: "pg" | "sqlite"): Promise<Served> {
  const project = new TemporaryProject(files);
  const loader = new FunctionLoader("convex", project.root);
  const schema = dialect === "pg" ? {} : { any: sqliteTable("any", { id: integer() }) };
  const database = await openTemporaryDatabase({ schema });
  const clock = new HandClock();
  const functions = await loader.load();
  const serving = await serveFunctions({
    engine: {
      useFunctions: (_modules, tables, casing) => database.useSchema(tables, casing),
      notice: () => {},
      keepNotice: () => {},
    },
    database,
    loader,
    functions,
    settings: { development, acceptedPlan: undefined },
    log: clock.log,
  });
  closing.push(
    () => project[Symbol.dispose](),
    () => database.close(),
    () => serving.close(),
  );
  return {
    database,
    clock,
    rows: () =>
      inTransaction(database, "read", (connection) =>
        (connection.db as { query: { people: { findMany(): Promise<unknown> } } }).query.people.findMany(),
      ),
    execute: (sql) => inTransaction(database, "write", (connection) => connection.execute(sql)),
  };
}

const errors = ({ clock }: Served) =>
  clock.lines.filter(({ level }) => level === "error").map(({ message }) => message);

/** The migration that drizzle-kit generates with casing "snake_case". */
const migration = {
  "drizzle/0000_people.sql": "create table people (id integer primary key, first_name text);",
  "drizzle/meta/_journal.json": JSON.stringify({
    version: "7",
    dialect: "sqlite",
    entries: [{ idx: 0, version: "6", when: 1_700_000_000_000, tag: "0000_people", breakpoints: true }],
  }),
};

describe.each(["pg", "sqlite"] as const)("casing in drizzle.config.ts (%s)", (dialect) => {
  test("names the columns in development, for the database and for functions", async () => {
    const served = await serve(
      { "drizzle.config.ts": config('casing: "snake_case"'), "convex/schema.ts": schemaIn(dialect) },
      true,
      dialect,
    );
    await served.execute("insert into people (id, first_name) values (1, 'Ada')");
    expect(await served.rows()).toEqual([{ id: 1, firstName: "Ada" }]);
    expect(errors(served)).toEqual([]);
  });
});

describe("in production", () => {
  const files = { ...migration, "convex/schema.ts": schemaIn("sqlite") };

  test("functions use the names that the migrations have made", async () => {
    const served = await serve({ ...files, "drizzle.config.ts": config('casing: "snake_case"') }, false, "sqlite");
    await served.execute("insert into people (id, first_name) values (1, 'Ada')");
    expect(await served.rows()).toEqual([{ id: 1, firstName: "Ada" }]);
    expect(errors(served)).toEqual([]);
  });

  test("a database that does not fit the schema is named at the start, with each table and what to do", async () => {
    const without = await serve(files, false, "sqlite");
    expect(errors(without)).toEqual([
      expect.stringMatching(/does not fit convex\/schema\.ts[\s\S]*people: no such column: .*firstName[\s\S]*`casing`/),
    ]);
    const more = await serve(
      {
        ...files,
        "drizzle.config.ts": config('casing: "snake_case"'),
        "convex/schema.ts": `${schemaIn("sqlite")} export const notes = table("notes", { id: integer() });`,
      },
      false,
      "sqlite",
    );
    expect(errors(more)).toEqual([expect.stringMatching(/notes: no such table: notes\n.*drizzle-kit generate/)]);
  });
});

describe("what else drizzle-kit is told and the framework does otherwise", () => {
  const warningsOf = async (files: Record<string, string>): Promise<string[]> => {
    const project = new TemporaryProject({ "convex/schema.ts": schemaIn("sqlite"), ...files });
    const loader = new FunctionLoader("convex", project.root);
    closing.push(
      () => project[Symbol.dispose](),
      () => loader.close(),
    );
    return (await loader.load()).warnings.map(({ message }) => message);
  };

  test.each([
    ['schema: ["./convex/schema.ts", "./auth/schema.ts"]', /schema is also \.\/auth\/schema\.ts.*Re-export them there/],
    ['out: "./migrations"', /writes migrations to migrations\/.*runs those in drizzle\//],
    ['tablesFilter: ["app_*"]', /leaves out tables \(app_\*\)/],
    ['migrations: { table: "done" }', /a table of another name/],
  ])("%s is told in one line", async (options, said) => {
    expect(await warningsOf({ "drizzle.config.ts": config(options) })).toEqual([expect.stringMatching(said)]);
  });

  test("the configuration of this framework's documentation is told nothing, and neither is a project without one", async () => {
    const usual = `
      import { credentialsForDrizzleKit } from "convex-lite/drizzle-kit";
      import { defineConfig } from "drizzle-kit";
      export default defineConfig({ schema: "./convex/schema.ts", out: "./drizzle", ...credentialsForDrizzleKit() });`;
    expect(await warningsOf({ "drizzle.config.ts": usual })).toEqual([]);
    const folder = { "node_modules/drizzle-kit/index.js": 'throw new Error("not installed in production");' };
    expect(await warningsOf({ ...folder, "drizzle.config.ts": usual })).toEqual([]);
    expect(await warningsOf({})).toEqual([]);
  });

  test("a configuration that does not load is told, and the functions load all the same", async () => {
    expect(await warningsOf({ "drizzle.config.ts": 'throw new Error("no address");' })).toEqual([
      expect.stringMatching(/^drizzle\.config\.ts cannot be read, .*no address$/),
    ]);
  });
});

test("a build compares the schema with the migrations by the same casing", async () => {
  using project = new TemporaryProject({
    ...migration,
    "convex/schema.ts": schemaIn("sqlite").replace("firstName: text()", 'first: text("first_name")'),
  });
  const told = () => missingMigration(project.path("convex/schema.ts"), project.path("drizzle"));
  const kit = new DrizzleKitProcess();
  const { snapshots } = await kit.read(project.path("convex/schema.ts"));
  kit.close();
  project.write("drizzle/meta/0000_snapshot.json", JSON.stringify(snapshots.sqlite));
  project.write("convex/schema.ts", schemaIn("sqlite"));
  expect(await told()).toMatch("not in drizzle/ yet");
  project.write("drizzle.config.ts", config('casing: "snake_case"'));
  expect(await told()).toBeUndefined();
});
