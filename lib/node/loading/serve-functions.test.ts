import { integer, sqliteTable } from "drizzle-orm/sqlite-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { schemaEdits } from "../../../tests/support/databases/contract/schema-edits.ts";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import type { Driver } from "../../database/driver/driver.ts";
import { inTransaction } from "../../database/internal/database-lock.ts";
import { openTemporaryDatabase } from "../../database/temporary-database.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { FunctionLoader } from "./load-functions.ts";
import { type ServedFunctions, serveFunctions } from "./serve-functions.ts";

const notes = (columns: string) => `
import { integer, pgTable, text } from "drizzle-orm/pg-core";
export const notes = pgTable("notes", { id: integer().primaryKey(), ${columns} });
export const unused = text;
`;
const plain = notes("");
const titled = notes("title: text().notNull()");

let project: TemporaryProject;
let loader: FunctionLoader;
let database: Driver;
let clock: HandClock;
let serving: ServedFunctions;
let served: unknown[];
/** The notices that open pages received. */
let notices: string[];
/** The notice for a page that is opened now. */
let keptNotice: string | undefined;

beforeEach(async () => {
  project = new TemporaryProject({ "convex/schema.ts": plain, "convex/a.ts": 'export const value = "first";' });
  loader = new FunctionLoader("convex", project.root);
  database = await openTemporaryDatabase({ schema: {} });
  clock = new HandClock();
  served = [];
  notices = [];
  keptNotice = undefined;
});

afterEach(async () => {
  await serving?.close();
  await database?.close();
  project?.[Symbol.dispose]();
});

async function serve(acceptedPlan?: string): Promise<void> {
  serving = await serveFunctions({
    engine: {
      useFunctions: (modules) => void served.push(modules.a?.value),
      notice: (message) => void notices.push(message),
      keepNotice: (message) => {
        keptNotice = message;
      },
    },
    database,
    loader,
    functions: await loader.load(),
    settings: { development: true, acceptedPlan },
    log: clock.log,
  });
}

const execute = (sql: string) => inTransaction(database, "write", (connection) => connection.execute(sql));
const columns = async () =>
  (await execute("select column_name from information_schema.columns where table_name = 'notes' order by 1")).map(
    (row) => row.column_name,
  );
const errors = () => clock.lines.filter((line) => line.level === "error").map((line) => line.message);
const infos = () => clock.lines.filter((line) => line.level === "info").map((line) => line.message);

test("after a refusal the database is compared again, also with the schema that is served", async () => {
  await serve();
  await execute("insert into notes values (1)");
  project.put("convex/schema.ts", titled);
  await expect.poll(errors).toEqual([expect.stringContaining("was not changed")]);
  expect(notices).toEqual(errors());
  expect(keptNotice).toBe(errors()[0]);

  // The change is made by hand, as the message advises. Then the schema becomes the previous one again.
  await execute("alter table notes add column title text default 'by hand'");
  project.put("convex/schema.ts", plain);
  await expect.poll(() => errors().at(-1)).toContain('Column "title" of "notes" would be dropped');

  await execute("delete from notes");
  project.put("convex/schema.ts", `${plain}// saved again`);
  await expect.poll(columns).toEqual(["id"]);
  await expect.poll(infos).toContainEqual(expect.stringContaining("good again"));
  expect(keptNotice).toBeUndefined();
});

test.each(["pg", "sqlite"] as const)(
  "edits of the schema that could lose rows, one after the other (%s): each is logged, none is made, and the functions stay served",
  async (dialect) => {
    const { usual, rows, edits, written } = schemaEdits(dialect);
    await database.close();
    database = await openTemporaryDatabase({
      schema: dialect === "pg" ? {} : { a: sqliteTable("a", { id: integer() }) },
    });
    project.put("convex/schema.ts", written(usual));
    await serve();
    for (const statement of rows) await execute(statement);
    const stored = await execute("select * from notes order by id");
    const dangerous = edits.filter(({ nothingIn }) => !nothingIn?.includes(dialect));
    expect(dangerous.length).toBeGreaterThan(20);
    for (const { to, reason, impossibleIn } of dangerous) {
      project.put("convex/schema.ts", written(to));
      await expect.poll(() => errors().at(-1)).toMatch(reason);
      expect(errors().at(-1)?.includes("drizzle-kit push")).toBe(!impossibleIn?.includes(dialect));
      expect(await execute("select * from notes order by id")).toEqual(stored);
    }
    project.put("convex/schema.ts", written(usual));
    project.put("convex/a.ts", 'export const value = "last";');
    await expect.poll(() => served.at(-1)).toBe("last");
  },
);

test("while the schema is refused, a save of functions is answered with the code that accepts it", async () => {
  await execute("create table notes (id integer primary key, title text)");
  project.put("convex/schema.ts", titled);
  await serve();
  await execute("insert into notes values (1, 'kept')");
  project.put("convex/schema.ts", plain);
  await expect.poll(errors).not.toEqual([]);
  const code = /convex-lite dev --accept (\w+)/.exec(errors()[0] ?? "")?.[1];
  project.put("convex/a.ts", 'export const value = "second";');
  const warnings = () => clock.lines.filter((line) => line.level === "warn").map((line) => line.message);
  await expect
    .poll(warnings)
    .toEqual([
      expect.stringMatching(
        `^functions still not reloaded: convex/schema.ts does not fit the database, and .* convex-lite dev --accept ${code}.* would change it all the same$`,
      ),
    ]);
  expect(errors()).toHaveLength(1);
  expect(served).toEqual(["first"]);
});

test("a refused plan is carried out by the next start that accepts it", async () => {
  await execute("create table notes (id integer primary key, title text)");
  await execute("insert into notes values (1, 'gone')");
  await serve();
  const code = /convex-lite dev --accept (\w+)/.exec(errors()[0] ?? "")?.[1];
  await serving.close();
  await serve(code);
  expect(await columns()).toEqual(["id"]);
  expect(await execute("select * from notes")).toEqual([{ id: 1 }]);
});

test("a page that is opened while a save cannot be served is told why", async () => {
  await execute("create table notes (id integer primary key)");
  await execute("insert into notes values (1)");
  project.put("convex/schema.ts", titled);
  await serve();
  expect(keptNotice).toBe(errors()[0]);

  // A load error takes precedence; once it is corrected, the refusal is the notice again.
  project.put("convex/a.ts", "export const value = ;");
  await expect.poll(() => keptNotice).toContain("the previous ones are still served");
  project.put("convex/a.ts", 'export const value = "first";');
  await expect.poll(() => keptNotice).toBe(errors()[0]);

  await execute("delete from notes");
  project.put("convex/a.ts", 'export const value = "second";');
  await expect.poll(() => keptNotice).toBeUndefined();
});

test("functions are served although the database does not fit the schema, if the schema did not change", async () => {
  await execute("create table notes (id integer primary key)");
  await execute("insert into notes values (1)");
  project.put("convex/schema.ts", titled);
  await serve();
  expect(errors()).toHaveLength(1);
  project.put("convex/a.ts", 'export const value = "second";');
  await expect.poll(() => served.at(-1)).toBe("second");
  expect(errors()).toHaveLength(1);

  // The remedy that the message names works without a restart.
  await execute("alter table notes add column title text not null default ''");
  project.put("convex/a.ts", 'export const value = "third";');
  await expect.poll(() => served.at(-1)).toBe("third");
  expect(infos()).toContainEqual(expect.stringContaining("DROP DEFAULT"));
});
