import { expect, test } from "vitest";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { DrizzleKitProcess } from "../snapshot/drizzle-kit-process.ts";
import { missingMigration } from "./missing-migration.ts";

const schema = (columns: string) => `import * as d from "drizzle-orm/sqlite-core";
export const notes = d.sqliteTable("notes", { id: d.integer().primaryKey(), ${columns} });`;

test("a schema is read as functions are loaded: with paths that only bundlers find, server-only and import.meta", async () => {
  using project = new TemporaryProject({
    "node_modules/own/package.json": '{ "name": "own" }',
    "node_modules/own/sizes/index.js": "exports.length = 20;",
    "packages/model/package.json": '{ "name": "model", "exports": "./index.ts" }',
    "packages/model/index.ts": 'export { length } from "own/sizes"; export const here = import.meta.dirname;',
    "convex/schema.ts": `import "server-only"; import { here, length } from "../packages/model/index";
      ${schema("title: d.text({ length }).default(here)")}`,
  });
  const drizzleKit = new DrizzleKitProcess();
  try {
    const { snapshots } = await drizzleKit.read(project.path("convex/schema.ts"));
    expect(snapshots.sqlite?.tables.notes?.columns.title).toMatchObject({
      type: "text(20)",
      default: `'${project.path("packages/model")}'`,
    });
  } finally {
    drizzleKit.close();
  }
});

test("a schema that is ahead of its migrations is told with what to run, and no other", async () => {
  using project = new TemporaryProject({ "convex/schema.ts": schema("text: d.text()") });
  const told = () => missingMigration(project.path("convex/schema.ts"), project.path("drizzle"));
  const ahead =
    /^The tables in convex\/schema\.ts are not in drizzle\/ yet\. Run `\w+ drizzle-kit generate`, and build again/;
  // No migration was generated yet.
  expect(await told()).toMatch(ahead);

  const drizzleKit = new DrizzleKitProcess();
  const { snapshots } = await drizzleKit.read(project.path("convex/schema.ts"));
  drizzleKit.close();
  const entry = { idx: 0, version: "6", when: 1_700_000_000_000, tag: "0000_notes", breakpoints: true };
  project.write("drizzle/meta/_journal.json", JSON.stringify({ version: "7", dialect: "sqlite", entries: [entry] }));
  project.write("drizzle/meta/0000_snapshot.json", JSON.stringify(snapshots.sqlite));
  project.write("drizzle/0000_notes.sql", "create table notes (id integer primary key, text text);");
  expect(await told()).toBeUndefined();

  project.write("convex/schema.ts", schema("text: d.text(), author: d.text()"));
  expect(await told()).toMatch(ahead);
});

test("without tables there is nothing to migrate", async () => {
  using project = new TemporaryProject();
  const told = () => missingMigration(project.path("convex/schema.ts"), project.path("drizzle"));
  expect(await told()).toBeUndefined();
  project.write("convex/schema.ts", "export {};");
  expect(await told()).toBeUndefined();
});
